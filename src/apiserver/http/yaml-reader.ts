import { Worker } from 'node:worker_threads'
import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import type { ParsedBody } from '../../apimachinery/codec/decode-object.ts'
import { parsedYaml } from '../../apimachinery/codec/yaml-json.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { RequestBody } from '../request.ts'
import type { YamlAnswer, YamlQuestion } from './yaml-worker.ts'

/** Smaller bodies take a few milliseconds at most. */
const largeBytes = 64 * 1024
/** The thread ends when nobody has needed it for so long. */
const idleMs = 60_000
const maxHeapMiB = 512

const openBrace = 0x7b

/** Beside this file, in the source and in the bundle. */
const script = new URL(
  import.meta.url.endsWith('.ts') ? './yaml-worker.ts' : './yaml-worker.js',
  import.meta.url,
)

interface Waiting {
  resolve(answer: YamlAnswer): void
  reject(error: unknown): void
}

/**
 * Reads large YAML bodies in a thread, where the seconds that a megabyte may take hold up nobody else. As many wait for
 * it as there are requests in flight, which are limited.
 */
export class YamlReader {
  readonly #host: Host
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #last = 0
  #idle: Timer | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** The body, with what it says as YAML if it is large. `type` is its Content-Type. */
  async read(reading: Promise<RequestBody>, type: string): Promise<RequestBody> {
    const body = await reading
    if (body.type === 'object' || body.bytes.length <= largeBytes) return body
    // What kubectl applies is JSON, which takes no thread.
    if (type.includes('apply-patch') && body.bytes[0] === openBrace) return body
    return { ...body, yaml: await this.#host.track(this.#parse(body.bytes)) }
  }

  async #parse(body: Uint8Array): Promise<() => ParsedBody> {
    const worker = this.#start()
    const id = ++this.#last
    const answer = await new Promise<YamlAnswer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      const question: YamlQuestion = { id, body }
      worker.postMessage(question)
    })
    return () => {
      if ('error' in answer) throw new DecodeError(answer.error)
      return parsedYaml(answer.parsed)
    }
  }

  #start(): Worker {
    this.#idle?.cancel()
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(script, {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
    })
    worker.unref()
    worker.on('message', (answer: YamlAnswer) => this.#settle(answer))
    worker.on('error', (error) => this.#fail(worker, error))
    worker.on('exit', () => this.#fail(worker, new Error('the thread that reads YAML has ended')))
    this.#worker = worker
    return worker
  }

  #settle(answer: YamlAnswer): void {
    this.#waiting.get(answer.id)?.resolve(answer)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#idle = this.#host.schedule(idleMs, () => this.close())
  }

  /** What it was asked fails; the next question gets a new thread. */
  #fail(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(error)
  }

  close(): void {
    this.#idle?.cancel()
    const worker = this.#worker
    if (worker === undefined) return
    this.#fail(worker, new Error('the server is shutting down'))
    void worker.terminate()
  }
}
