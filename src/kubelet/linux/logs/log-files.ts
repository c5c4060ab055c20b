import { type FSWatcher, watch } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { timeMs } from '../../../apimachinery/time.ts'
import { messageOf } from '../../../base/message-of.ts'
import { type LogEntry, parseLogLine } from '../../logs/log-format.ts'
import type { LogOptions, LogReader, LogSink, LogSource } from '../../logs/log-options.ts'

const blockBytes = 64 * 1024
const newline = 0x0a
/** A safety net under the file system's notifications. */
const followEveryMs = 1_000

/** Reads logs that the runtime writes to files. */
export const fileLogs: LogReader = {
  read: async (source, options, write, signal) => {
    const reading = new Reading(source, options, write, signal)
    await reading.run()
  },
}

/** The end of a log as plain text: at most so many lines, then so many bytes. */
export async function lastLogText(path: string, lines: number, bytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  const options: LogOptions = { follow: false, previous: false, timestamps: false, tailLines: lines }
  const source: LogSource = { containerId: '', logPath: path, ended: () => true }
  const never = new AbortController().signal
  try {
    await fileLogs.read(source, options, (data) => void chunks.push(Uint8Array.from(data)), never)
  } catch (error) {
    const text = messageOf(error)
    return `Error on reading termination message from logs: ${text}`
  }
  return Buffer.concat(chunks).subarray(-bytes).toString()
}

class Reading {
  readonly #source: LogSource
  readonly #options: LogOptions
  readonly #write: LogSink
  readonly #signal: AbortSignal
  #left: number
  /** How many entries may be read yet: what is written after a tail was found is none of it, unless it is followed. */
  #entriesLeft: number
  /** The entry before was partial: this one goes on with its line. */
  #continues = false

  constructor(source: LogSource, options: LogOptions, write: LogSink, signal: AbortSignal) {
    this.#source = source
    this.#options = options
    this.#write = write
    this.#signal = signal
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY
    this.#entriesLeft = options.follow
      ? Number.POSITIVE_INFINITY
      : (options.tailLines ?? Number.POSITIVE_INFINITY)
  }

  async run(): Promise<void> {
    const { logPath } = this.#source
    let file = await open(logPath, 'r').catch((error: Error) => {
      throw new Error(`failed to try resolving symlinks in path "${logPath}": ${error.message}`)
    })
    try {
      const { tailLines } = this.#options
      let offset = tailLines === undefined ? 0 : await tailOffset(file, tailLines)
      for (;;) {
        const wasEnded = this.#source.ended()
        offset = await this.#copy(file, offset)
        if (this.#left <= 0 || !this.#options.follow || this.#signal.aborted) return
        const next = await rotated(logPath, file)
        if (next !== undefined) {
          // What was written to the old file before the new one took over.
          await this.#copy(file, offset)
          await file.close()
          file = next
          offset = 0
          continue
        }
        if (wasEnded) return
        const read = offset
        await changed(logPath, this.#signal, async () => (await file.stat()).size > read)
      }
    } finally {
      await file.close()
    }
  }

  /** Writes all whole lines from an offset on; where the next begins. */
  async #copy(file: FileHandle, from: number): Promise<number> {
    const buffer = Buffer.alloc(blockBytes)
    let rest = Buffer.alloc(0)
    let offset = from
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, blockBytes, offset + rest.length)
      if (bytesRead === 0) return offset
      let data = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      const out: Buffer[] = []
      for (let end = data.indexOf(newline); end >= 0 && this.#entriesLeft > 0; end = data.indexOf(newline)) {
        this.#entriesLeft--
        this.#format(parseLogLine(data.subarray(0, end + 1)), out)
        offset += end + 1
        data = data.subarray(end + 1)
      }
      rest = data
      await this.#send(Buffer.concat(out))
      if (this.#left <= 0 || this.#entriesLeft <= 0 || this.#signal.aborted) return offset
    }
  }

  #format(entry: LogEntry | undefined, out: Buffer[]): void {
    if (entry === undefined) return
    const { sinceMs, stream, timestamps } = this.#options
    if (sinceMs !== undefined && timeMs(entry.time) < sinceMs) return
    if (stream !== undefined && entry.stream !== stream) return
    if (timestamps && !this.#continues) out.push(Buffer.from(`${entry.time} `))
    out.push(Buffer.from(entry.text))
    this.#continues = entry.partial
  }

  async #send(data: Buffer): Promise<void> {
    if (data.length === 0) return
    const part = data.subarray(0, this.#left)
    this.#left -= part.length
    await this.#write(part)
  }
}

/** Where the last `lines` lines begin; entries count as lines. */
async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  let { size: position } = await file.stat()
  if (lines === 0) return position
  let seen = 0
  let first = true
  const buffer = Buffer.alloc(blockBytes)
  while (position > 0) {
    const length = Math.min(blockBytes, position)
    position -= length
    await file.read(buffer, 0, length, position)
    for (let index = length - 1; index >= 0; index--) {
      if (buffer[index] !== newline) continue
      // The file's last byte ends its last line.
      if (first) {
        first = false
        continue
      }
      seen++
      if (seen === lines) return position + index + 1
    }
    first = false
  }
  return 0
}

/** The file that has taken the place of the open one, if another has. */
async function rotated(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  const [now, before] = await Promise.all([stat(path).catch(() => undefined), file.stat()])
  if (now === undefined || now.ino === before.ino) return undefined
  return open(path, 'r').catch(() => undefined)
}

/** Resolves when something about the file changes, or has changed already, or soon anyway. */
function changed(path: string, signal: AbortSignal, already: () => Promise<boolean>): Promise<void> {
  return new Promise((resolve) => {
    let watcher: FSWatcher | undefined
    const name = basename(path)
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      watcher?.close()
      resolve()
    }
    const timer = setTimeout(done, followEveryMs)
    signal.addEventListener('abort', done)
    try {
      watcher = watch(dirname(path), (_, file) => {
        if (file === name || file === null) done()
      })
      watcher.on('error', done)
    } catch {
      // The directory is gone, or notifications have run out: the timer serves.
    }
    already().then((is) => is && done(), done)
  })
}
