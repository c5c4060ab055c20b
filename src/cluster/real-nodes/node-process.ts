import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../../base/logger.ts'
import type { NodeConfig, NodeMessage, NodeOrder } from './node-config.ts'
import { nodePaths } from './node-paths.ts'

/** How long a node gets to end its pods and to take back what it made. */
const stopTimeoutMs = 60_000
/** Between the end of a node's process and its next start; doubles up to the second. */
const firstRestartMs = 200
const maxRestartMs = 10_000

/** The program's own entry: beside the bundle's chunks, or among the sources. */
function entry(): string {
  const candidates = [join(import.meta.dirname, 'timonel.js'), join(import.meta.dirname, '../../cli/main.ts')]
  const found = candidates.find((file) => existsSync(file))
  if (found === undefined) throw new Error('the program that runs a node is missing: run npm run build')
  return found
}

/** A node in a process of its own, started again when it ends by itself. */
export class NodeProcess {
  readonly #config: NodeConfig
  readonly #logger: Logger
  /** For `nsenter`; absent: the network of the host. */
  readonly #namespacePath: string | undefined
  #child: ChildProcess | undefined
  #restart: NodeJS.Timeout | undefined
  #restartMs = firstRestartMs
  #stopping = false

  constructor(config: NodeConfig, logger: Logger, namespacePath: string | undefined) {
    this.#config = config
    this.#logger = logger
    this.#namespacePath = namespacePath
  }

  get name(): string {
    return this.#config.name
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when the node has registered. */
  start(): Promise<void> {
    const paths = nodePaths(this.#config.directory)
    const log = openSync(paths.log, 'a', 0o600)
    const command = [process.execPath, entry(), 'run-node', '--config', paths.config]
    const [program = '', ...args] =
      this.#namespacePath === undefined ? command : ['nsenter', `--net=${this.#namespacePath}`, ...command]
    const child = spawn(program, args, { stdio: ['ignore', log, log, 'ipc'] })
    this.#child = child
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('message', (message: NodeMessage) => {
        if (message.type === 'registered') {
          this.#restartMs = firstRestartMs
          resolve()
        } else if (message.type === 'failed')
          reject(new Error(`${this.name}: ${message.message} (see ${paths.log})`))
      })
      child.on('exit', (code, signal) => {
        reject(new Error(`the process of ${this.name} ended with ${signal ?? code} (see ${paths.log})`))
        this.#onExit(code, signal)
      })
    })
  }

  #onExit(code: number | null, signal: string | null): void {
    this.#child = undefined
    if (this.#stopping) return
    this.#logger.error("a node's process ended by itself and is started again", {
      node: this.name,
      code,
      signal,
    })
    this.#restart = setTimeout(() => {
      this.start().catch((error: unknown) =>
        this.#logger.error('a node could not be started again', { node: this.name, error }),
      )
    }, this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, maxRestartMs)
  }

  /** Its configuration has been written anew, with other certificates. */
  showCertificates(): void {
    if (this.#child?.connected) this.#child.send({ type: 'certificates' } satisfies NodeOrder)
  }

  /** Ends the node; with `cleanUp` its pods, too. A process that does not end in time is killed. */
  async stop(cleanUp: boolean): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
      child.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      if (child.connected) child.send({ type: 'stop', cleanUp } satisfies NodeOrder)
      else child.kill('SIGKILL')
    })
  }
}
