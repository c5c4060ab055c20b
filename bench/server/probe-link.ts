import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

/** How late the server's event loop ran timers. */
export interface LoopDelay {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** What Node says of its memory: the JavaScript heap, and what lies beside it (objects' bytes). */
export interface NodeMemory {
  readonly heapUsedMiB: number
  readonly heapMiB: number
  readonly offHeapMiB: number
}

/** The bench's end of the pipe to probe.mjs. One question at a time. */
export class ProbeLink {
  readonly #pipe: Duplex
  readonly #lines: AsyncIterator<string>

  constructor(pipe: Duplex) {
    this.#pipe = pipe
    this.#lines = createInterface({ input: pipe })[Symbol.asyncIterator]()
  }

  async watchLoop(): Promise<void> {
    await this.#ask({ do: 'watch-loop' })
  }

  async readLoop(): Promise<LoopDelay> {
    const answer: LoopDelay = JSON.parse(await this.#ask({ do: 'read-loop' }))
    return answer
  }

  async memory(): Promise<NodeMemory> {
    const answer: NodeMemory = JSON.parse(await this.#ask({ do: 'memory' }))
    return answer
  }

  async startProfile(): Promise<void> {
    await this.#ask({ do: 'start-profile' })
  }

  async stopProfile(file: string): Promise<void> {
    await this.#ask({ do: 'stop-profile', file })
  }

  async #ask(question: { readonly do: string; readonly file?: string }): Promise<string> {
    this.#pipe.write(`${JSON.stringify(question)}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the server ended while it was asked')
    return value
  }
}
