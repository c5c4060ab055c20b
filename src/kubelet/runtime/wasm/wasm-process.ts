import { Worker } from 'node:worker_threads'
import { pageBytes, sharedBytes, sharedNumbers, type WasmJob } from './wasm-job.ts'
import type { WasmLog } from './wasm-log.ts'
import type { WasmSaid } from './wasm-worker.ts'

export interface WasmEnd {
  readonly exitCode: number
  readonly outOfMemory: boolean
}

const script = new URL(
  import.meta.url.endsWith('.ts') ? './wasm-worker.ts' : './wasm-worker.js',
  import.meta.url,
)
/** Of the thread's own JavaScript, which is little; the module's memory is none of it. */
const maxHeapMiB = 64

/** A module that runs in a thread of its own. */
export class WasmProcess {
  readonly #worker: Worker
  readonly #shared: Int32Array
  #killed: WasmEnd | undefined
  /** Settles when the thread is gone and its output is in the log; never rejects. */
  readonly ended: Promise<WasmEnd>

  constructor(job: Omit<WasmJob, 'shared'>, log: WasmLog) {
    const shared = new SharedArrayBuffer(sharedBytes)
    this.#shared = new Int32Array(shared)
    this.#worker = new Worker(script, {
      workerData: { ...job, shared } satisfies WasmJob,
      // No variable of the agent's, and no warning that WASI is new.
      env: {},
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
    })
    this.ended = this.#follow(log)
  }

  /** Ends it where it is: a module hears no signals. */
  kill(exitCode: number): void {
    this.#killed ??= { exitCode, outOfMemory: false }
    void this.#worker.terminate()
  }

  get memoryBytes(): number {
    return Atomics.load(this.#shared, sharedNumbers.pages) * pageBytes
  }

  /** Nanoseconds of processor time; what was known last where the thread has ended. */
  async processorNs(): Promise<number | undefined> {
    try {
      const { user, system } = await this.#worker.cpuUsage()
      return (user + system) * 1000
    } catch {
      return undefined
    }
  }

  #follow(log: WasmLog): Promise<WasmEnd> {
    let end: WasmEnd | undefined
    let written = Promise.resolve()
    const note = (said: WasmSaid): void => {
      if ('exitCode' in said) {
        end = said
        return
      }
      written = written
        .then(() => log.write(said.stream, said.data))
        .then(() => this.#taken(said.data.length))
    }
    this.#worker.on('message', note)
    return new Promise((resolve) => {
      this.#worker.on('error', (error: NodeJS.ErrnoException) => {
        end ??= { exitCode: 137, outOfMemory: error.code === 'ERR_WORKER_OUT_OF_MEMORY' }
      })
      this.#worker.on('exit', () => {
        const how = end ?? this.#killed ?? { exitCode: 137, outOfMemory: false }
        void written.then(() => log.close()).then(() => resolve(how))
      })
    })
  }

  #taken(bytes: number): void {
    Atomics.sub(this.#shared, sharedNumbers.pending, bytes)
    Atomics.notify(this.#shared, sharedNumbers.pending)
  }
}
