/** A pending timer; `cancel` is idempotent and does nothing once the timer has fired. */
export interface Timer {
  cancel(): void
}

/**
 * Everything that is not a microtask reaches the program through here: time, timers, turns of the event
 * loop, randomness and hashing. `realHost` (base/host) binds it to the machine, `VirtualHost` to a seeded
 * simulation whose time moves only when it is told to.
 */
export interface Host {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  now(): number
  /** Milliseconds (with fraction) since an arbitrary start; never goes back. */
  monotonicMs(): number
  /** Calls back once, not before `delayMs` have passed and never in the current turn. */
  schedule(delayMs: number, callback: () => void): Timer
  /** Resolves in a later turn, so that other work gets its chance: what long loops await. */
  nextTurn(): Promise<void>
  /** Uniform in [0, 1). */
  random(): number
  randomBytes(length: number): Uint8Array
  sha256(data: Uint8Array): Uint8Array
  /** Counts `work` as under way, so that virtual time waits for it. Anything that leaves the process goes through here. */
  track<T>(work: Promise<T>): Promise<T>
}
