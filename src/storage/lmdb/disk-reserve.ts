import { rmSync, statSync, writeFileSync } from 'node:fs'
import type { Host } from '../../base/host.ts'
import { freeBytes } from './disk.ts'

/** Room for some hundred deletions: LMDB writes every page that it changes to a new place. */
const reserveBytes = 2 * 2 ** 20
/** How often a disk that was full is asked whether it still is. */
const retryMs = 1000

/**
 * A file of zeros beside the store, given up when the disk is full: deleting and compacting need some room, too,
 * and are the way out. As long as it cannot be made again, the disk counts as full.
 */
export class DiskReserve {
  readonly #host: Host
  readonly #path: string
  /** When the disk is asked again; undefined while it is not full. */
  #fullUntilMs: number | undefined

  constructor(host: Host, path: string) {
    this.#host = host
    this.#path = path
  }

  get isFull(): boolean {
    if (this.#fullUntilMs !== undefined && this.#host.monotonicMs() >= this.#fullUntilMs) {
      // What has been given up is room, too, but not for puts.
      if (freeBytes(this.#path) >= 2 * reserveBytes) this.make()
      else this.giveUp()
    }
    return this.#fullUntilMs !== undefined
  }

  make(): void {
    this.#fullUntilMs = undefined
    if (statSync(this.#path, { throwIfNoEntry: false })?.size === reserveBytes) return
    try {
      writeFileSync(this.#path, Buffer.alloc(reserveBytes), { mode: 0o600 })
    } catch {
      this.giveUp()
    }
  }

  /** The disk is full. */
  giveUp(): void {
    rmSync(this.#path, { force: true })
    this.#fullUntilMs = this.#host.monotonicMs() + retryMs
  }
}
