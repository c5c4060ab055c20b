/** Where a part of an agent keeps what must outlive it. A save is whole or did not happen; `load` resolves to undefined where nothing was saved. */
export interface StateStore {
  load(): Promise<string | undefined>
  save(text: string): Promise<void>
}
