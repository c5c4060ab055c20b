import type { Host } from '../../base/host.ts'
import { QuotaExceededError, type StorageError, StorageFullError, type Write } from '../storage.ts'
import { flushError, fullError, usedBytes } from './disk.ts'
import { DiskReserve } from './disk-reserve.ts'
import type { Environment } from './environment.ts'

export const reservePath = (path: string): string => `${path}-reserve`

/** Whether there is room for more: by the quota, by the disk, and by whether writing is possible at all. */
export class Room {
  readonly quotaBytes: number
  readonly #path: string
  readonly #env: Environment
  readonly #reserve: DiskReserve
  /** An estimate between two measurements. */
  #usedBytes: number
  #broken: StorageError | undefined

  constructor(host: Host, path: string, env: Environment, quotaBytes: number) {
    this.quotaBytes = quotaBytes
    this.#path = path
    this.#env = env
    this.#reserve = new DiskReserve(host, reservePath(path))
    this.#usedBytes = usedBytes(env)
  }

  /** Lays something by for a full disk. */
  reserve(): void {
    this.#reserve.make()
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Of an open environment. */
  measure(): number {
    this.#usedBytes = usedBytes(this.#env)
    return this.#usedBytes
  }

  take(bytes: number): void {
    this.#usedBytes += bytes
  }

  /** Throws what keeps these writes from being made. `waitingBytes`: of those before them that are not on the disk yet. */
  check(writes: readonly Write[], waitingBytes: number): void {
    if (this.#broken !== undefined) throw this.#broken
    if (!writes.some((write) => write.type === 'put')) return
    if (this.#reserve.isFull) throw fullError(this.#path)
    if (this.#usedBytes + waitingBytes < this.quotaBytes) return
    if (this.measure() + waitingBytes >= this.quotaBytes) throw new QuotaExceededError()
  }

  /** A write has failed for good: nobody knows what the disk holds. */
  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  /** What a failed flush of so many bytes means. */
  async failed(cause: unknown, bytes: number): Promise<StorageError> {
    const error = await flushError(this.#path, cause, bytes)
    if (error instanceof StorageFullError) this.#reserve.giveUp()
    else this.#broken = error
    return error
  }
}
