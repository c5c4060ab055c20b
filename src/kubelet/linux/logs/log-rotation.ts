import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/** Upstream's containerLogMaxSize, containerLogMaxFiles and containerLogMonitorInterval. */
export interface LogLimits {
  readonly maxBytes?: number
  readonly maxFiles?: number
  readonly everyMs?: number
}

export interface LogRotationOptions extends LogLimits {
  readonly runtime: Runtime
  readonly logger: Logger
}

/** Keeps the logs of running containers small: 10 MiB, and 5 files of each. */
export class LogRotation {
  readonly #options: LogRotationOptions
  readonly #maxBytes: number
  readonly #maxFiles: number
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: LogRotationOptions) {
    this.#options = options
    this.#maxBytes = options.maxBytes ?? 10 * 1024 * 1024
    this.#maxFiles = options.maxFiles ?? 5
  }

  start(): void {
    const again = (): void => {
      if (this.#stopped) return
      this.#timer = setTimeout(() => void this.rotateAll().finally(again), this.#options.everyMs ?? 10_000)
      this.#timer.unref()
    }
    again()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Looks at all running containers once. */
  async rotateAll(): Promise<void> {
    const { runtime, logger } = this.#options
    const running = await runtime.listContainers({ state: { state: 'CONTAINER_RUNNING' } }).catch(() => [])
    for (const { id } of running) {
      try {
        const { logPath } = await runtime.containerStatus(id)
        if (logPath !== '') await this.#rotate(id, logPath)
      } catch (error) {
        logger.warn('a log could not be rotated', { container: id, error: messageOf(error) })
      }
    }
  }

  async #rotate(id: string, logPath: string): Promise<void> {
    const found = await stat(logPath).catch(() => undefined)
    if (found === undefined || found.size < this.#maxBytes) return
    await this.#compressOlder(logPath)
    const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
    const moved = `${logPath}.${stamp}`
    await rename(logPath, moved)
    try {
      await this.#options.runtime.reopenContainerLog(id)
    } catch (error) {
      await rename(moved, logPath)
      throw error
    }
  }

  /** The newest of the older files stays as it is for those who read it. */
  async #compressOlder(logPath: string): Promise<void> {
    const directory = dirname(logPath)
    const prefix = `${basename(logPath)}.`
    const older = (await readdir(directory)).filter((name) => name.startsWith(prefix)).sort()
    const surplus = older.splice(0, Math.max(older.length - (this.#maxFiles - 2), 0))
    for (const name of surplus) await rm(join(directory, name), { force: true })
    for (const name of older) {
      if (name.endsWith('.gz')) continue
      const path = join(directory, name)
      await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz.tmp`))
      await rename(`${path}.gz.tmp`, `${path}.gz`)
      await rm(path)
    }
  }
}
