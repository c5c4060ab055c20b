import type { Host } from '../../../base/host.ts'
import { messageOf } from '../../../base/message-of.ts'
import { matches } from '../filter.ts'
import { containerFacts } from '../labels.ts'
import type {
  AuthConfig,
  Container,
  ContainerConfig,
  ContainerFilter,
  ContainerStats,
  ContainerStatus,
  FilesystemUsage,
  Image,
  ImageSpec,
  PodSandbox,
  RuntimeStatus,
  RuntimeVersion,
  SandboxConfig,
  SandboxFilter,
  SandboxStatus,
} from '../messages.ts'
import {
  type ExecSyncResult,
  type PortSession,
  type Runtime,
  RuntimeError,
  type StreamSession,
} from '../runtime.ts'
import type { HandlerRuntime } from '../runtimes-by-handler.ts'
import { WasmImages } from './wasm-images.ts'
import { WasmLog } from './wasm-log.ts'
import { WasmProcess } from './wasm-process.ts'
import { wasmProgram } from './wasm-program.ts'
import { containerView, sandboxView, statsOf, type WasmContainer, type WasmSandbox } from './wasm-state.ts'

export interface WasmRuntimeOptions {
  readonly host: Host
  /** Holds the images. */
  readonly imageDirectory: string
}

/** In front of the ids that this runtime gives. */
const idPrefix = 'wasm-'

const termination = { killed: 137, signalled: 143 } as const

const cannot = (what: string): never => {
  throw new RuntimeError('Unimplemented', `a WASI module ${what}`)
}

/**
 * Runs modules of WASI 0.1 in threads of this process: without root, on any operating system. Its pods end with the
 * process. They have no network, no other processes, and no file system but their volumes.
 */
export class WasmRuntime implements Runtime {
  readonly #host: Host
  readonly #images: WasmImages
  readonly #sandboxes = new Map<string, WasmSandbox>()
  readonly #containers = new Map<string, WasmContainer>()
  readonly #handlers = new Set<(podUid: string) => void>()

  constructor({ host, imageDirectory }: WasmRuntimeOptions) {
    this.#host = host
    this.#images = new WasmImages(imageDirectory)
  }

  async version(): Promise<RuntimeVersion> {
    return { version: '0.1.0', runtimeName: 'wasm', runtimeVersion: '1', runtimeApiVersion: 'v1' }
  }

  async status(): Promise<RuntimeStatus> {
    const ready = (type: string) => ({ type, status: true, reason: '', message: '' })
    return { conditions: [ready('RuntimeReady'), ready('NetworkReady')], handlers: [] }
  }

  async updatePodCidr(): Promise<void> {}

  async runPodSandbox(config: SandboxConfig): Promise<string> {
    const id = this.#newId()
    this.#sandboxes.set(id, { id, config, ready: true, createdAt: this.#nowNs() })
    return id
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id)
    if (sandbox === undefined) return
    await Promise.all(this.#of(id).map((container) => end(container, termination.killed)))
    sandbox.ready = false
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.stopPodSandbox(id)
    for (const container of this.#of(id)) this.#containers.delete(container.id)
    this.#sandboxes.delete(id)
  }

  async podSandboxStatus(id: string): Promise<SandboxStatus> {
    return sandboxView(this.#sandbox(id))
  }

  async updatePodSandboxResources(id: string): Promise<void> {
    this.#sandbox(id)
    cannot('cannot be given other resources while it runs')
  }

  async listPodSandbox(filter: SandboxFilter): Promise<readonly PodSandbox[]> {
    return [...this.#sandboxes.values()].map(sandboxView).filter((view) => matches(filter, view))
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandbox(sandboxId)
    const image = await this.#images.open(config.image.image)
    if (image === undefined) throw new RuntimeError('NotFound', `no image ${config.image.image}`)
    const { terminationMessagePath } = containerFacts(config.annotations)
    const container: WasmContainer = {
      id: this.#newId(),
      sandbox,
      config,
      program: await wasmProgram(config, sandbox.config.hostname, image, terminationMessagePath),
      state: 'CONTAINER_CREATED',
      createdAt: this.#nowNs(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      processorNs: 0,
      log: undefined,
      process: undefined,
    }
    this.#containers.set(container.id, container)
    return container.id
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id)
    if (container.state !== 'CONTAINER_CREATED')
      throw new RuntimeError('Unknown', `container ${id} has been started`)
    const { logDirectory, metadata } = container.sandbox.config
    try {
      container.log = new WasmLog(`${logDirectory}/${container.config.logPath}`, () => this.#host.now())
      container.process = new WasmProcess(container.program, container.log)
    } catch (error) {
      throw new RuntimeError('Unknown', messageOf(error))
    }
    container.state = 'CONTAINER_RUNNING'
    container.startedAt = this.#nowNs()
    void this.#host.track(container.process.ended).then(({ exitCode, outOfMemory }) => {
      container.state = 'CONTAINER_EXITED'
      container.exitCode = exitCode
      container.reason = outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error'
      container.finishedAt = this.#nowNs()
      for (const handler of this.#handlers) handler(metadata.uid)
    })
  }

  /** There is nothing that a module could do at a signal: it ends at once, as a program without a handler. */
  async stopContainer(id: string): Promise<void> {
    const container = this.#containers.get(id)
    if (container !== undefined) await end(container, termination.signalled)
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id)
    if (container === undefined) return
    await end(container, termination.killed)
    this.#containers.delete(id)
  }

  async listContainers(filter: ContainerFilter): Promise<readonly Container[]> {
    return this.#selected(filter).map(containerView)
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    return containerView(this.#container(id))
  }

  /** What a module's memory may grow to is fixed when it starts. */
  async updateContainerResources(id: string): Promise<void> {
    this.#container(id)
    cannot('cannot be given other resources while it runs')
  }

  async checkpointContainer(id: string): Promise<void> {
    this.#container(id)
    cannot('has no process whose state could be written')
  }

  async reopenContainerLog(id: string): Promise<void> {
    this.#container(id).log?.reopen()
  }

  async execSync(): Promise<ExecSyncResult> {
    return cannot('runs no other commands: exec is not possible')
  }

  async exec(): Promise<StreamSession> {
    return cannot('runs no other commands: exec is not possible')
  }

  async attach(): Promise<StreamSession> {
    return cannot('cannot be attached to: its output is in its log')
  }

  async portForward(): Promise<PortSession> {
    return cannot('has no network: no port can be forwarded')
  }

  async containerStats(id: string): Promise<ContainerStats> {
    return statsOf(this.#container(id), this.#nowNs())
  }

  listContainerStats(filter: ContainerFilter): Promise<readonly ContainerStats[]> {
    return Promise.all(this.#selected(filter).map((container) => statsOf(container, this.#nowNs())))
  }

  listImages(): Promise<readonly Image[]> {
    return this.#images.list()
  }

  imageStatus({ image }: ImageSpec): Promise<Image | undefined> {
    return this.#images.find(image)
  }

  /** What was loaded is there; nothing else can be had. */
  async pullImage({ image }: ImageSpec, _auth: AuthConfig | undefined): Promise<string> {
    const found = await this.#images.find(image)
    if (found !== undefined) return found.id
    const text = `no image ${image} of a WASI module has been loaded, and none is pulled from registries: see timonel image load`
    throw new RuntimeError('NotFound', text)
  }

  removeImage({ image }: ImageSpec): Promise<void> {
    return this.#images.remove(image)
  }

  /** They lie on the disk of the node's own files, which is looked at there. */
  async imageFsInfo(): Promise<readonly FilesystemUsage[]> {
    return []
  }

  onPodChange(handler: (podUid: string) => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** Ends everything that runs: threads do not outlive their process. */
  async close(): Promise<void> {
    await Promise.all([...this.#containers.values()].map((container) => end(container, termination.killed)))
  }

  #selected(filter: ContainerFilter): readonly WasmContainer[] {
    return [...this.#containers.values()].filter((container) => matches(filter, containerView(container)))
  }

  #of(sandboxId: string): readonly WasmContainer[] {
    return [...this.#containers.values()].filter(({ sandbox }) => sandbox.id === sandboxId)
  }

  #sandbox(id: string): WasmSandbox {
    const sandbox = this.#sandboxes.get(id)
    if (sandbox === undefined) throw new RuntimeError('NotFound', `no sandbox ${id}`)
    return sandbox
  }

  #container(id: string): WasmContainer {
    const container = this.#containers.get(id)
    if (container === undefined) throw new RuntimeError('NotFound', `no container ${id}`)
    return container
  }

  #newId(): string {
    return idPrefix + Buffer.from(this.#host.randomBytes(32)).toString('hex')
  }

  #nowNs(): number {
    return this.#host.now() * 1e6
  }
}

/** The runtime for pods of RuntimeClasses with the handler `wasm`. Whoever made it closes it. */
export function wasmHandler(options: WasmRuntimeOptions): HandlerRuntime & { close(): Promise<void> } {
  const runtime = new WasmRuntime(options)
  return { handler: 'wasm', idPrefix, runtime, close: () => runtime.close() }
}

/** Resolves when it has ended. */
async function end(container: WasmContainer, exitCode: number): Promise<void> {
  if (container.state !== 'CONTAINER_RUNNING') return
  container.process?.kill(exitCode)
  await container.process?.ended
}
