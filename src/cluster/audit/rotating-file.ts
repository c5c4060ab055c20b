import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { AuditWriter } from '../../apiserver/audit/log-backend.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'

/** 0 is no limit. */
export interface RotationLimits {
  readonly maxAgeDays: number
  readonly maxBackups: number
  readonly maxBytes: number
  readonly compress: boolean
}

export interface RotatingFileOptions extends RotationLimits {
  readonly host: Pick<Host, 'now' | 'track'>
  readonly logger: Logger
  readonly path: string
}

interface Backup {
  readonly name: string
  readonly timeMs: number
  readonly isCompressed: boolean
}

const ownerOnly = 0o600
const dayMs = 24 * 3_600_000
const compressedEnd = '.gz'
const stampPattern = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2}\.\d{3})$/

/** In a file's name there are no colons. */
const stampOf = (ms: number): string => new Date(ms).toISOString().slice(0, -1).replaceAll(':', '-')

function stampMs(stamp: string): number | undefined {
  const [, day, hour, minute, second] = stampPattern.exec(stamp) ?? []
  const ms = Date.parse(`${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

/**
 * A file that is put aside when it is full, as `audit-2026-01-02T03-04-05.678.log`, the name that upstream gives it.
 * Lines are with the operating system when `write` returns; what is old is compressed and removed beside it.
 */
export class RotatingFile implements AuditWriter {
  readonly #options: RotatingFileOptions
  readonly #folder: string
  readonly #prefix: string
  readonly #extension: string
  #file: number
  #bytes: number
  #isClosed = false
  #tidying: Promise<void> = Promise.resolve()

  /** Throws what the operating system says of a file that cannot be written to. */
  constructor(options: RotatingFileOptions) {
    this.#options = options
    const { path } = options
    this.#folder = dirname(path)
    this.#extension = extname(path)
    this.#prefix = `${basename(path, this.#extension)}-`
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    this.#file = openSync(path, 'a', ownerOnly)
    this.#bytes = fstatSync(this.#file).size
    this.#tidy()
  }

  write(text: string): void {
    // The number of a closed file may be another file's by now.
    if (this.#isClosed) throw new Error('file already closed')
    const bytes = Buffer.from(text)
    const { maxBytes } = this.#options
    if (maxBytes > 0 && bytes.length > maxBytes)
      throw new Error(`write length ${bytes.length} exceeds maximum file size ${maxBytes}`)
    if (maxBytes > 0 && this.#bytes > 0 && this.#bytes + bytes.length > maxBytes) this.#rotate()
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    this.#bytes += bytes.length
  }

  async close(): Promise<void> {
    this.#isClosed = true
    closeSync(this.#file)
    await this.#tidying
  }

  #rotate(): void {
    const { host, path } = this.#options
    const name = `${this.#prefix}${stampOf(host.now())}${this.#extension}`
    const mode = fstatSync(this.#file).mode
    renameSync(path, join(this.#folder, name))
    const next = openSync(path, 'a', mode & 0o777)
    closeSync(this.#file)
    this.#file = next
    this.#bytes = 0
    this.#tidy()
  }

  /** One after the other: what one compresses the next must not. */
  #tidy(): void {
    const { host, logger } = this.#options
    this.#tidying = host.track(
      this.#tidying
        .then(() => this.#tidyUp())
        .catch((error: unknown) => logger.warn('old audit logs could not be tidied up', { error })),
    )
  }

  async #tidyUp(): Promise<void> {
    const { host, maxAgeDays, maxBackups, compress } = this.#options
    const backups = await this.#backups()
    const names = [...new Set(backups.map(({ name }) => bare(name)))]
    const kept = new Set(maxBackups === 0 ? names : names.slice(0, maxBackups))
    const oldestMs = maxAgeDays === 0 ? Number.NEGATIVE_INFINITY : host.now() - maxAgeDays * dayMs
    for (const { name, timeMs, isCompressed } of backups) {
      const path = join(this.#folder, name)
      if (!kept.has(bare(name)) || timeMs < oldestMs) await rm(path, { force: true })
      else if (compress && !isCompressed) await compressFile(path)
    }
  }

  /** The newest first. */
  async #backups(): Promise<readonly Backup[]> {
    const found = (await readdir(this.#folder)).flatMap((name): readonly Backup[] => {
      const plain = bare(name)
      if (!plain.startsWith(this.#prefix) || !plain.endsWith(this.#extension)) return []
      const timeMs = stampMs(plain.slice(this.#prefix.length, plain.length - this.#extension.length))
      return timeMs === undefined ? [] : [{ name, timeMs, isCompressed: name !== plain }]
    })
    return found.sort((a, b) => b.timeMs - a.timeMs)
  }
}

const bare = (name: string): string =>
  name.endsWith(compressedEnd) ? name.slice(0, -compressedEnd.length) : name

/** Whoever is stopped half-way leaves the original, and a file that the next attempt writes anew. */
async function compressFile(path: string): Promise<void> {
  const unfinished = `${path}${compressedEnd}.unfinished`
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: ownerOnly }))
  await rename(unfinished, `${path}${compressedEnd}`)
  await rm(path)
}
