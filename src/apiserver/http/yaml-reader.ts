import { Worker } from 'node:worker_threads'
import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import type { ParsedBody } from '../../apimachinery/codec/decode-object.ts'
import { parsedYaml } from '../../apimachinery/codec/yaml-json.ts'
import { Deque } from '../../base/deque.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { RequestBody } from '../request.ts'
import type { YamlAnswer } from './yaml-worker.ts'

/** Smaller bodies take some tens of milliseconds at most, whatever is in them. */
const largeBytes = 2 * 1024
/** For one body, on the thread that all share: a megabyte of what people write takes a second. */
const maxReadMs = 10_000
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
  readonly body: Uint8Array
  resolve(answer: YamlAnswer): void
  reject(error: unknown): void
}

/**
 * Reads large YAML bodies in a thread, where the seconds that a megabyte may take hold up nobody else; one after the
 * other, and none for long. As many wait for it as there are requests in flight, which are limited.
 */
export class YamlReader {
  readonly #host: Host
  readonly #waiting = new Deque<Waiting>()
  #worker: Worker | undefined
  #current: Waiting | undefined
  #idle: Timer | undefined
  #limit: Timer | undefined

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
    const answer = await new Promise<YamlAnswer>((resolve, reject) => {
      this.#waiting.push({ body, resolve, reject })
      this.#next()
    })
    return () => {
      if ('error' in answer) throw new DecodeError(answer.error)
      return parsedYaml(answer.parsed)
    }
  }

  #next(): void {
    if (this.#current !== undefined) return
    const waiting = this.#waiting.shift()
    if (waiting === undefined) {
      this.#idle = this.#host.schedule(idleMs, () => this.close())
      return
    }
    this.#idle?.cancel()
    this.#current = waiting
    const worker = this.#start()
    this.#limit = this.#host.schedule(maxReadMs, () => {
      this.#settle({ error: 'yaml: the document takes too long to read' }, () => this.#drop(worker))
    })
    worker.postMessage(waiting.body)
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(script, {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
    })
    worker.unref()
    worker.on('message', (answer: YamlAnswer) => this.#settle(answer))
    worker.on('error', (error: NodeJS.ErrnoException) => this.#fail(worker, error))
    worker.on('exit', () => this.#fail(worker, new Error('the thread that reads YAML has ended')))
    this.#worker = worker
    return worker
  }

  /** Tells who waits, and goes on with the next. */
  #settle(answer: YamlAnswer, before: () => void = () => {}): void {
    const current = this.#take()
    before()
    current?.resolve(answer)
    this.#next()
  }

  #take(): Waiting | undefined {
    this.#limit?.cancel()
    const current = this.#current
    this.#current = undefined
    return current
  }

  /** What it was asked fails; the next question gets a new thread. */
  #fail(worker: Worker, error: NodeJS.ErrnoException): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
      this.#settle({ error: 'yaml: the document takes too much memory to read' })
    else {
      this.#take()?.reject(error)
      this.#next()
    }
  }

  #drop(worker: Worker): void {
    this.#worker = undefined
    void worker.terminate()
  }

  close(): void {
    this.#idle?.cancel()
    const worker = this.#worker
    if (worker === undefined) return
    this.#drop(worker)
    const error = new Error('the server is shutting down')
    this.#take()?.reject(error)
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      next.reject(error)
  }
}
