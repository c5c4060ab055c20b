import { spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runProgram } from '../../base/host/run-program.ts'
import type { Logger } from '../../base/logger.ts'
import { unmountBelow } from '../linux/mounts.ts'
import { commandLine, endProcess, findProcesses } from '../linux/processes.ts'
import { CriRuntime } from '../runtime/cri/cri-runtime.ts'
import { endPods } from '../runtime/end-pods.ts'
import { type ContainerdConfig, containerdConfig } from './containerd-config.ts'
import { hostsToml, type RegistryMirror } from './registry-hosts.ts'
import type { RuntimeHandler } from './runtime-handlers.ts'

export interface ContainerdOptions {
  /** Holds images and containers; outlives everything. */
  readonly root: string
  /** Holds sockets, the configuration and what runs; a short path (socket paths end at 107 bytes). */
  readonly state: string
  readonly cni: { readonly binDir: string; readonly confDir: string }
  readonly sandboxImage: string
  readonly registries: readonly RegistryMirror[]
  readonly streamAddress: string
  /** Runtimes beside runc; none when absent. */
  readonly handlers?: readonly RuntimeHandler[]
  readonly logger: Logger
}

const startTimeoutMs = 20_000
const stopGraceMs = 10_000
/** Images of many gigabytes are unpacked while they are imported. */
const importTimeoutMs = 1_800_000
/** Bit 24 of a capability set. */
const capSysResource = 1n << 24n

/**
 * A containerd of our own. It runs by itself, so that containers outlive us; whoever starts it next with the same
 * directories adopts it.
 */
export class Containerd {
  readonly socket: string
  readonly #options: ContainerdOptions
  readonly #configPath: string

  constructor(options: ContainerdOptions) {
    this.#options = options
    this.socket = join(options.state, 'containerd.sock')
    this.#configPath = join(options.state, 'config.toml')
  }

  /** Starts it, or takes over the one that runs; resolves when it answers. */
  async start(): Promise<'started' | 'adopted'> {
    const { state, root, cni, logger } = this.#options
    const config = await this.#config()
    await this.#writeRegistries(config.registryDir)
    const text = containerdConfig(config)
    const before = await readFile(this.#configPath, 'utf8').catch(() => undefined)
    const running = await this.#pid()
    if (running !== undefined) {
      if (before === text && (await answers(this.socket))) {
        await this.#whenReady()
        return 'adopted'
      }
      logger.info('containerd is restarted with another configuration', { pid: running })
      await endProcess(running, stopGraceMs)
    }
    for (const directory of [state, root, cni.confDir]) await mkdir(directory, { recursive: true })
    await writeFile(this.#configPath, text)
    const log = await open(join(state, 'containerd.log'), 'a')
    const child = spawn('containerd', ['--config', this.#configPath], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    const failed = new Promise<never>((_, reject) => {
      child.on('error', (error) => reject(new Error(`containerd could not be started: ${error.message}`)))
      child.on('exit', (code) =>
        reject(new Error(`containerd ended with ${code}: see ${join(state, 'containerd.log')}`)),
      )
    })
    child.unref()
    failed.catch(() => {})
    await log.close()
    await Promise.race([this.#whenReady(), failed])
    return 'started'
  }

  /** Whether it accepts connections. */
  isRunning(): Promise<boolean> {
    return answers(this.socket)
  }

  /** Ends all pods, containerd and its shims, and undoes their mounts; also what a crash left. Images and their files stay. */
  async stop(): Promise<void> {
    const { root, state } = this.#options
    await this.#endPods()
    const pid = await this.#pid()
    if (pid !== undefined) await endProcess(pid, stopGraceMs)
    for (const shim of await this.#shims()) await this.#endShim(shim)
    await unmountBelow(state)
    await unmountBelow(root)
    await rm(join(state, 'state'), { recursive: true, force: true })
  }

  /** Imports an OCI or Docker archive into the images that pods run from. */
  async importImage(archive: string): Promise<void> {
    const args = ['--address', this.socket, '--namespace', 'k8s.io', 'images', 'import', archive]
    await runProgram('ctr', args, { timeoutMs: importTimeoutMs })
  }

  /** Pods' networks can only be given back through containerd: if it has died before its pods it is started once more. */
  async #endPods(): Promise<void> {
    const { logger } = this.#options
    if ((await this.#shims()).length === 0) return
    try {
      if ((await this.#pid()) === undefined) await this.start()
      const runtime = new CriRuntime(this.socket)
      try {
        await endPods(runtime, 0, logger)
      } finally {
        runtime.close()
      }
    } catch (error) {
      logger.warn('pods could not be ended in order', { error })
    }
  }

  #shims(): Promise<readonly number[]> {
    return findProcesses(
      (words) => (words[0] ?? '').includes('containerd-shim') && words.includes(this.socket),
    )
  }

  async #endShim(pid: number): Promise<void> {
    const children = await findChildren(pid)
    await endProcess(pid, 0)
    for (const child of children) await endProcess(child, 0)
  }

  /** The process that runs with our configuration file, whoever started it. */
  async #pid(): Promise<number | undefined> {
    const found = await findProcesses(
      (words) => /(^|\/)containerd$/.test(words[0] ?? '') && words.includes(this.#configPath),
    )
    return found[0]
  }

  /** Its socket accepts connections well before the CRI plugin has recovered its pods: calls are refused until then. */
  async #whenReady(): Promise<void> {
    const untilMs = Date.now() + startTimeoutMs
    const wait = async (lastError?: unknown): Promise<void> => {
      if (Date.now() > untilMs)
        throw new Error(`containerd does not answer on ${this.socket}`, { cause: lastError })
      await delay(10)
    }
    while (!(await answers(this.socket))) await wait()
    const runtime = new CriRuntime(this.socket)
    try {
      while (true) {
        try {
          await runtime.status()
          return
        } catch (error) {
          await wait(error)
        }
      }
    } finally {
      runtime.close()
    }
  }

  async #config(): Promise<ContainerdConfig> {
    const { root, state, cni, sandboxImage, streamAddress, handlers = [] } = this.#options
    const status = await readFile('/proc/self/status', 'utf8')
    const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
    return {
      root,
      state: join(state, 'state'),
      socket: this.socket,
      sandboxImage,
      cni,
      registryDir: join(state, 'certs.d'),
      systemdCgroup: await exists('/run/systemd/system'),
      restrictOomScoreAdj: (effective & capSysResource) === 0n,
      snapshotter: (await hasOverlay(root)) ? 'overlayfs' : 'native',
      streamAddress,
      handlers,
      hugetlb:
        (await exists('/sys/fs/cgroup/hugetlb')) ||
        (await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8').catch(() => '')).includes('hugetlb'),
    }
  }

  async #writeRegistries(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true })
    for (const mirror of this.#options.registries) {
      // Colons stay: containerd looks for `host:port`, and for `host_port_` where file systems know no colon.
      const path = join(directory, mirror.host, 'hosts.toml')
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, hostsToml(mirror))
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Whether something accepts connections. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
    connection.on('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.on('error', () => resolve(false))
  })
}

async function findChildren(parent: number): Promise<readonly number[]> {
  const list = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '')
  const pids = list.trim().split(/\s+/).map(Number).filter(Boolean)
  const alive = await Promise.all(pids.map(async (pid) => ((await commandLine(pid)) ? pid : undefined)))
  return alive.filter((pid) => pid !== undefined)
}

/** Overlays do not stack on every file system: one is tried out. */
async function hasOverlay(root: string): Promise<boolean> {
  await mkdir(root, { recursive: true })
  const probe = await mkdtemp(join(root, 'overlay-'))
  const part = (name: string): string => join(probe, name)
  try {
    for (const name of ['lower', 'upper', 'work', 'merged']) await mkdir(part(name))
    const options = `lowerdir=${part('lower')},upperdir=${part('upper')},workdir=${part('work')}`
    await runProgram('mount', ['-t', 'overlay', 'overlay', '-o', options, part('merged')])
    await runProgram('umount', [part('merged')])
    return true
  } catch {
    return false
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}
