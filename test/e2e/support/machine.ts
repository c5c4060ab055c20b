import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { realHost } from '../../../src/base/host/real-host.ts'
import type { Client } from '../../../src/client/client.ts'
import { createClient } from '../../../src/client/create-client.ts'
import { createHttpsTransport } from '../../../src/client/https/https-transport.ts'
import { type KubeconfigContext, parseKubeconfig } from '../../../src/client/https/kubeconfig.ts'
import { dataDirectory } from '../../../src/cluster/data-directory.ts'
import { type ClusterState, readState } from '../../../src/cluster/state-file.ts'
import { type ImageRecipe, packImage } from '../../../src/kubelet/images/pack-image.ts'
import { busybox } from './requirements.ts'
import { type RunOptions, type RunResult, run, succeed } from './run.ts'
import { Traces } from './traces.ts'
import { until } from './until.ts'

/** The project, or a copy of what has been built of it. */
export const root = process.env['TIMONEL_ROOT'] ?? resolve(import.meta.dirname, '../../..')

const program = join(root, 'dist/timonel')

/** Of busybox, under names of their own. */
const programs = [
  ...['sh', 'httpd', 'wget', 'sleep', 'cat', 'nslookup', 'tar', 'echo', 'date', 'nc', 'ip', 'test'],
  ...[
    'ls',
    'stat',
    'id',
    'env',
    'grep',
    'chmod',
    'chroot',
    'mkdir',
    'rm',
    'touch',
    'hostname',
    'nproc',
    'ps',
  ],
  ...['sort', 'mount', 'df', 'head', 'tail', 'od', 'ln', 'true', 'false', 'wc', 'sysctl', 'timeout'],
]

interface Uplink {
  readonly namespace: string
  readonly hostInterface: string
  readonly address: string
}

/** A network of its own with one wire to the outside, as a machine has: nothing here meets another cluster. */
async function createUplink(): Promise<Uplink> {
  const id = randomInt(36 ** 4).toString(36)
  const namespace = `e2e-${id}`
  const hostInterface = `e2e${id}`
  // Beside the ranges of Services (10.96.0.0/12), nodes (10.89.0.0/16) and pods (10.244.0.0/16).
  const subnet = `10.${randomInt(200, 220)}.${randomInt(256)}`
  const inside = (...words: string[]): Promise<string> =>
    succeed(['nsenter', `--net=/run/netns/${namespace}`, 'ip', ...words])
  await succeed(['ip', 'netns', 'add', namespace])
  const peer = ['peer', 'name', 'uplink', 'netns', namespace]
  await succeed(['ip', 'link', 'add', hostInterface, 'type', 'veth', ...peer])
  await succeed(['ip', 'address', 'add', `${subnet}.1/30`, 'dev', hostInterface])
  await succeed(['ip', 'link', 'set', hostInterface, 'up'])
  await inside('link', 'set', 'lo', 'up')
  await inside('address', 'add', `${subnet}.2/30`, 'dev', 'uplink')
  await inside('link', 'set', 'uplink', 'up')
  await inside('route', 'add', 'default', 'via', `${subnet}.1`)
  // The kernel says so a moment later, and what is there before a test is compared with what it leaves.
  await until('the uplink is up', async () =>
    (await inside('-brief', 'link', 'show', 'uplink')).includes(' UP '),
  )
  return { namespace, hostInterface, address: `${subnet}.2` }
}

/** A place for one cluster, put back as it was at the end whatever has happened. */
export class Machine {
  /** Empty at first. */
  readonly folder: string
  /** The cluster's. */
  readonly dataDirectory: string
  readonly kubeconfig: string
  readonly #uplink: Uplink | undefined
  readonly #inside: readonly string[]
  readonly #traces: Traces
  readonly #children = new Set<ChildProcess>()
  readonly #closers: (() => Promise<void>)[] = []

  private constructor(uplink: Uplink | undefined) {
    this.#uplink = uplink
    const path = uplink && `/run/netns/${uplink.namespace}`
    this.#inside = path === undefined ? [] : ['nsenter', `--net=${path}`]
    this.folder = mkdtempSync(join(tmpdir(), 'tml-e2e-'))
    this.dataDirectory = join(this.folder, 'data')
    this.kubeconfig = dataDirectory(this.dataDirectory).kubeconfig
    this.#traces = new Traces(this.dataDirectory, this.#inside, path)
  }

  /** `network`: with a network of its own, which takes root. */
  static async create(options: { readonly network: boolean }): Promise<Machine> {
    return new Machine(options.network ? await createUplink() : undefined)
  }

  /** Runs a program in this machine's network. */
  run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run([...this.#inside, ...command], { cwd: this.folder, ...options })
  }

  succeed(command: readonly string[], options: RunOptions = {}): Promise<string> {
    return succeed([...this.#inside, ...command], { cwd: this.folder, ...options })
  }

  /** A program that runs until it ends or is ended with the machine. */
  start(command: readonly string[]): ChildProcess {
    const [first = '', ...rest] = [...this.#inside, ...command]
    const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.folder })
    this.#children.add(child)
    child.on('exit', () => this.#children.delete(child))
    return child
  }

  readonly program: readonly string[] = [program]

  /** The words of a command of ours, for this machine's cluster. */
  command(name: string, ...args: string[]): readonly string[] {
    return [program, ...name.split(' '), '--data-dir', this.dataDirectory, ...args]
  }

  timonel(name: string, ...args: string[]): Promise<RunResult> {
    return this.run(this.command(name, ...args), { timeoutMs: 120_000 })
  }

  /** As `timonel`, and a failure is an error with all logs. */
  async mustTimonel(name: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.timonel(name, ...args)
    if (code === 0) return stdout
    throw new Error(`timonel ${name} ended with ${code}:\n${stderr}\n${stdout}\n${this.logs()}`)
  }

  kubectl(...args: string[]): Promise<RunResult> {
    return this.run(this.kubectlCommand(...args))
  }

  mustKubectl(...args: string[]): Promise<string> {
    return this.succeed(this.kubectlCommand(...args))
  }

  kubectlCommand(...args: string[]): readonly string[] {
    return ['kubectl', '--kubeconfig', this.kubeconfig, '--cache-dir', join(this.folder, 'cache'), ...args]
  }

  /** The cluster's state file; throws when it does not run. */
  get state(): ClusterState {
    const state = readState(dataDirectory(this.dataDirectory).stateFile)
    if (state === undefined) throw new Error('the cluster does not run')
    return state
  }

  /** The administrator's kubeconfig, for use from outside of the machine. */
  context(): KubeconfigContext {
    const context = parseKubeconfig(readFileSync(this.kubeconfig, 'utf8'), this.folder)
    if (this.#uplink === undefined) return context
    return { ...context, server: context.server.replace('127.0.0.1', this.#uplink.address) }
  }

  /** The administrator's client, from outside of the machine. */
  client(): Client {
    const transport = createHttpsTransport({ host: realHost, ...this.context() })
    this.#closers.push(() => transport.close())
    return createClient(transport)
  }

  /** An archive with busybox and its usual programs; `recipe` says what else is in the image. */
  async packBusybox(name: string, recipe: Partial<ImageRecipe> = {}): Promise<string> {
    const file = join(this.folder, `${name.replace(/\W/g, '-')}.tar`)
    const image = await packImage({
      name,
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      files: [{ path: 'bin/busybox', mode: 0o755, content: readFileSync(busybox ?? '') }],
      links: programs.map((each) => ({ path: `bin/${each}`, target: '/bin/busybox' })),
      directories: [
        { path: 'tmp', mode: 0o1777 },
        { path: 'www', mode: 0o755 },
      ],
      environment: { PATH: '/bin' },
      ...recipe,
    })
    writeFileSync(file, image)
    return file
  }

  /** What the cluster has on the machine, its data directory aside. */
  traces(): Promise<readonly string[]> {
    return this.#traces.read()
  }

  /** Processes of the cluster whose command line fits. */
  pids(pattern: RegExp): readonly number[] {
    return this.#traces.pids(pattern)
  }

  /** What the cluster's processes have logged. */
  logs(): string {
    const { logs, node } = dataDirectory(this.dataDirectory)
    const nodes = existsSync(node(''))
      ? readdirSync(node('')).map((name) => join(node(name), 'node.log'))
      : []
    return [join(logs, 'timonel.log'), ...nodes]
      .filter((file) => existsSync(file))
      .map((file) => `== ${file}\n${readFileSync(file, 'utf8').slice(-4_000)}`)
      .join('\n')
  }

  async dispose(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close()
    for (const child of this.#children) child.kill('SIGKILL')
    if (existsSync(this.dataDirectory)) await this.timonel('down').catch(() => {})
    for (const pid of this.pids(/^/)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    if (this.#uplink !== undefined) {
      await run(['ip', 'link', 'del', this.#uplink.hostInterface])
      await run(['ip', 'netns', 'del', this.#uplink.namespace])
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}
