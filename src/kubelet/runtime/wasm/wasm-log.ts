import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs'
import { dirname } from 'node:path'

type Stream = 'stdout' | 'stderr'

/** A longer line is several entries, as container runtimes have it. */
const maxEntryBytes = 16 * 1024
const newline = 0x0a

/** Writes a container's log in the format of the container runtime interface. */
export class WasmLog {
  readonly #path: string
  readonly #now: () => number
  /** Lines that have not ended. */
  readonly #open: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  #file: WriteStream

  constructor(path: string, now: () => number) {
    this.#path = path
    this.#now = now
    mkdirSync(dirname(path), { recursive: true })
    this.#file = this.#openFile()
  }

  /** Resolves when more may be written. */
  write(stream: Stream, data: Uint8Array): Promise<void> {
    let rest = Buffer.concat([this.#open[stream], data])
    const entries: Buffer[] = []
    while (rest.length > 0) {
      const end = rest.subarray(0, maxEntryBytes).indexOf(newline)
      if (end < 0 && rest.length < maxEntryBytes) break
      const length = end < 0 ? maxEntryBytes : end
      entries.push(this.#entry(stream, end < 0 ? 'P' : 'F', rest.subarray(0, length)))
      rest = rest.subarray(end < 0 ? length : length + 1)
    }
    this.#open[stream] = Buffer.from(rest)
    if (entries.length === 0 || this.#file.write(Buffer.concat(entries))) return Promise.resolve()
    return new Promise((resolve) => this.#file.once('drain', resolve).once('close', resolve))
  }

  /** After the file was moved away: goes on in a new one. */
  reopen(): void {
    this.#file.end()
    this.#file = this.#openFile()
  }

  /** Resolves when everything is in the file. */
  close(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#open[stream]
      if (rest.length > 0) this.#file.write(this.#entry(stream, 'P', rest))
    }
    return new Promise((resolve) => this.#file.once('close', resolve).end())
  }

  #openFile(): WriteStream {
    const file = createWriteStream(this.#path, { flags: 'a', mode: 0o640 })
    // A disk that is full or a directory that is gone costs the log, not the node.
    file.on('error', () => file.destroy())
    return file
  }

  #entry(stream: Stream, tag: 'P' | 'F', text: Uint8Array): Buffer {
    const time = new Date(this.#now()).toISOString().replace('Z', '000000Z')
    return Buffer.concat([Buffer.from(`${time} ${stream} ${tag} `), text, Buffer.from('\n')])
  }
}
