import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { freePort } from '../../src/base/host/testing/free-port.ts'
import { dataDirectory } from '../../src/cluster/data-directory.ts'
import { type Credentials, readCredentials } from '../load/connection.ts'
import { ProbeLink } from './probe-link.ts'

export type Runtime = 'simulated' | 'containerd'

export interface ServerOptions {
  readonly runtime?: Runtime
  readonly nodes?: number
  /** An existing cluster's folder; a new one, removed at the end, where absent. */
  readonly dataDirectory?: string
  /** Further arguments of `up`. */
  readonly flags?: readonly string[]
  /** Without: nothing but the product runs in the process. */
  readonly probe?: boolean
}

const program = join(import.meta.dirname, '../../dist/timonel')
const probe = pathToFileURL(join(import.meta.dirname, 'probe.mjs')).href
/** What all servers of all runs said. */
export const serverLog = join(import.meta.dirname, '../results/server.log')
const running = new Set<Server>()
const readyWithinMs = 120_000

/** Nothing is known of a new cluster's certificate before it is there: this one question is asked of anybody. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false },
      (response) => {
        response.resume()
        resolve(response.statusCode === 200)
      },
    )
    request.on('error', () => resolve(false))
  })
}

interface Start {
  readonly folder: string
  readonly isTemporary: boolean
  readonly port: number
  readonly startedMs: number
}

/** A server in a process of its own, as a user starts it. */
export class Server {
  readonly startedMs: number
  /** From the start of the process until `/readyz` said yes. */
  readonly readyAfterMs: number
  readonly folder: string
  readonly credentials: Credentials
  readonly kubeconfigFile: string
  readonly probe: ProbeLink | undefined
  readonly #child: ChildProcess
  readonly #isTemporary: boolean

  constructor(child: ChildProcess, start: Start, readyAfterMs: number) {
    this.startedMs = start.startedMs
    this.readyAfterMs = readyAfterMs
    this.folder = start.folder
    this.kubeconfigFile = dataDirectory(start.folder).kubeconfig
    this.credentials = {
      ...readCredentials(this.kubeconfigFile),
      server: `https://127.0.0.1:${start.port}`,
    }
    const pipe = child.stdio[3]
    this.probe = isDuplex(pipe) ? new ProbeLink(pipe) : undefined
    this.#child = child
    this.#isTemporary = start.isTemporary
    running.add(this)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** As Ctrl-C does. */
  async stop(): Promise<void> {
    if (!running.delete(this)) return
    await end(this.#child)
    if (this.#isTemporary) rmSync(this.folder, { recursive: true, force: true })
  }
}

function isDuplex(pipe: unknown): pipe is Duplex {
  return typeof pipe === 'object' && pipe !== null && 'write' in pipe && 'read' in pipe
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

function spawnServer(options: ServerOptions, { folder, port }: Start): ChildProcess {
  const args = [
    'up',
    ...['--runtime', options.runtime ?? 'simulated'],
    ...['--nodes', String(options.nodes ?? 1)],
    ...['--data-dir', folder],
    ...['--api-port', String(port)],
    ...(options.flags ?? []),
  ]
  mkdirSync(dirname(serverLog), { recursive: true })
  const log = openSync(serverLog, 'a')
  try {
    return spawn(program, args, {
      stdio: ['ignore', log, log, ...(options.probe ? ['pipe' as const] : [])],
      env: { ...process.env, ...(options.probe ? { NODE_OPTIONS: `--import=${probe}` } : {}) },
    })
  } finally {
    closeSync(log)
  }
}

/** Asks again and again; throws when the server ends, or takes too long. */
async function until(isSo: () => boolean | Promise<boolean>, child: ChildProcess): Promise<void> {
  const startMs = performance.now()
  while (!(await isSo())) {
    if (child.exitCode !== null)
      throw new Error(`the server ended with code ${child.exitCode}: see ${serverLog}`)
    if (performance.now() - startMs > readyWithinMs) {
      await end(child)
      throw new Error('the server is not ready after two minutes')
    }
    await sleep(5)
  }
}

/** Resolves when the server says that it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const start: Start = {
    folder: options.dataDirectory ?? mkdtempSync(join(tmpdir(), 'timonel-bench-')),
    isTemporary: options.dataDirectory === undefined,
    port: await freePort(),
    startedMs: performance.now(),
  }
  const child = spawnServer(options, start)
  await until(() => isReady(start.port), child)
  const readyAfterMs = performance.now() - start.startedMs
  await until(() => existsSync(dataDirectory(start.folder).kubeconfig), child)
  return new Server(child, start, readyAfterMs)
}

/** Whatever is left when a scenario fails or is interrupted. */
export async function stopAllServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()))
}
