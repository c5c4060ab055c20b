/** What has been done with a cache: plain numbers, read when somebody asks for metrics. */
export class CacheFigures {
  /** Changes that came from the store. */
  received = 0
  /** Of those, what was offered to watches. */
  dispatched = 0
  /** How often everything was loaded. */
  loads = 0
  /** Stored bytes that nobody could read. */
  unreadable = 0
  /** Objects that watches were told at their start. */
  initEvents = 0
  /** Watches that were ended because they were too slow. */
  terminated = 0
  /** Lists that had to show what had been acknowledged by then. */
  consistentReads = 0
  /** Lists from the store, and the objects that were read for them, and shown. */
  readonly stored = { lists: 0, fetched: 0, returned: 0 }
  /** Lists from the cache, by the index that found the objects; '': all were looked at. */
  readonly listed = new Map<string, { lists: number; fetched: number; returned: number }>()

  noteList(index: string, fetched: number, returned: number): void {
    let figures = this.listed.get(index)
    if (figures === undefined) {
      figures = { lists: 0, fetched: 0, returned: 0 }
      this.listed.set(index, figures)
    }
    figures.lists++
    figures.fetched += fetched
    figures.returned += returned
  }
}
