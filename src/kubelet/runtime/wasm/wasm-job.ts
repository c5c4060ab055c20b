/** One run of a module, as the thread that runs it is told. */
export interface WasmJob {
  readonly module: Uint8Array
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Directories that it may open, under its own names for them. */
  readonly directories: readonly {
    readonly guestPath: string
    readonly hostPath: string
    readonly readonly: boolean
  }[]
  /** Of its memory; no limit of ours where absent. */
  readonly limitBytes?: number
  readonly shared: SharedArrayBuffer
}

/** Places in `shared`, numbers of 32 bits. */
export const sharedNumbers = {
  /** Nobody ever wakes who waits here. */
  never: 0,
  /** Bytes of output that have been said and not been taken. */
  pending: 1,
  /** Pages that the module's memory has. */
  pages: 2,
} as const

export const sharedBytes = 12
export const pageBytes = 65_536
/** A module that writes faster than its log waits with so much on the way. */
export const maxPendingBytes = 1024 * 1024
