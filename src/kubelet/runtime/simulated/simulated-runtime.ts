import type { Host } from '../../../base/host.ts'
import { sleep } from '../../../base/sleep.ts'
import { podUidLabel } from '../labels.ts'
import type {
  AuthConfig,
  Container,
  ContainerConfig,
  ContainerFilter,
  ContainerResources,
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
  StringRecord,
} from '../messages.ts'
import {
  type ExecSyncResult,
  type OutputSink,
  type PortSession,
  type Runtime,
  RuntimeError,
  type StreamRequest,
  type StreamSession,
} from '../runtime.ts'
import { AddressPool } from './address-pool.ts'
import { type Behaviour, behaviourOf } from './behaviour.ts'
import { runCommand, streamCommand } from './simulated-commands.ts'
import { imageBytes, imageOf, statsOf, usage } from './simulated-images.ts'
import { SimulatedPods } from './simulated-pods.ts'
import { SimulatedStream } from './simulated-stream.ts'
import {
  containerView,
  matches,
  type SimulatedContainer,
  type SimulatedSandbox,
  sandboxView,
} from './state.ts'

/** Milliseconds that verbs take; 0 where absent. */
export interface SimulatedLatencies {
  readonly runPodSandboxMs?: number
  readonly createContainerMs?: number
  readonly startContainerMs?: number
  readonly pullImageMs?: number
}

/** Verbs that can be made to fail. */
export type FaultyVerb =
  | 'runPodSandbox'
  | 'createContainer'
  | 'startContainer'
  | 'updateContainerResources'
  | 'pullImage'
  | 'execSync'

export interface SimulatedRuntimeOptions {
  readonly host: Host
  readonly latencies?: SimulatedLatencies
  /** Asked before each such verb; a message makes it fail. `subject` is `namespace/pod`, with `/container` for containers, or the image. */
  readonly fault?: (verb: FaultyVerb, subject: string) => string | undefined
  /** How containers act; by their command and annotations when absent. */
  readonly behaviour?: (config: ContainerConfig, sandbox: SandboxConfig) => Behaviour
  /** What it says that it can do; everything when absent. */
  readonly announces?: Pick<RuntimeStatus, 'handlers' | 'features'>
  /** Images that are there from the start. All others can be pulled. */
  readonly images?: readonly string[]
}

/** There is nothing that a pod without processes could not be given. */
const everything: Pick<RuntimeStatus, 'handlers' | 'features'> = {
  handlers: [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: true } }],
  features: { supplementalGroupsPolicy: true },
}

/** Runs pods in memory: nothing but state and timers, so that thousands fit one process. */
export class SimulatedRuntime implements Runtime {
  readonly #options: SimulatedRuntimeOptions
  readonly #host: Host
  readonly #pods: SimulatedPods
  readonly #images = new Set<string>()
  #addresses: AddressPool | undefined
  #podCidr = ''
  #foreignDiskBytes = 0

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options
    this.#host = options.host
    this.#pods = new SimulatedPods(options.host)
    for (const image of options.images ?? []) this.#images.add(image)
  }

  async version(): Promise<RuntimeVersion> {
    return { version: '0.1.0', runtimeName: 'simulated', runtimeVersion: '1', runtimeApiVersion: 'v1' }
  }

  async status(): Promise<RuntimeStatus> {
    const networked = this.#addresses !== undefined
    return {
      conditions: [
        { type: 'RuntimeReady', status: true, reason: '', message: '' },
        {
          type: 'NetworkReady',
          status: networked,
          reason: networked ? '' : 'NetworkPluginNotReady',
          message: networked ? '' : 'the node has no pod CIDR yet',
        },
      ],
      ...(this.#options.announces ?? everything),
    }
  }

  async updatePodCidr(podCidr: string): Promise<void> {
    if (podCidr === this.#podCidr) return
    this.#addresses = new AddressPool(podCidr)
    this.#podCidr = podCidr
  }

  async runPodSandbox(config: SandboxConfig, _runtimeHandler: string): Promise<string> {
    await this.#pass('runPodSandbox', subject(config), this.#options.latencies?.runPodSandboxMs)
    const sandbox: SimulatedSandbox = {
      id: this.#pods.newId(),
      config,
      ready: true,
      createdAt: this.#pods.nowNs(),
      address: this.#takeAddress(config),
      containers: new Set(),
    }
    this.#pods.addSandbox(sandbox)
    return sandbox.id
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#pods.findSandbox(id)
    if (sandbox === undefined || !sandbox.ready) return
    for (const container of sandbox.containers) this.#pods.end(container, 137)
    sandbox.ready = false
    if (sandbox.address !== '') this.#addresses?.give(sandbox.address)
  }

  async removePodSandbox(id: string): Promise<void> {
    const sandbox = this.#pods.findSandbox(id)
    if (sandbox === undefined) return
    await this.stopPodSandbox(id)
    this.#pods.removeSandbox(sandbox)
  }

  async podSandboxStatus(id: string): Promise<SandboxStatus> {
    return sandboxView(this.#pods.sandbox(id))
  }

  async listPodSandbox(filter: SandboxFilter): Promise<readonly PodSandbox[]> {
    return this.#pods
      .sandboxesOf(filter.labelSelector?.[podUidLabel])
      .map(sandboxView)
      .filter((view) => matches(filter, view))
  }

  async createContainer(
    sandboxId: string,
    config: ContainerConfig,
    _sandbox: SandboxConfig,
  ): Promise<string> {
    const sandbox = this.#pods.sandbox(sandboxId)
    const name = `${subject(sandbox.config)}/${config.metadata.name}`
    await this.#pass('createContainer', name, this.#options.latencies?.createContainerMs)
    const container: SimulatedContainer = {
      id: this.#pods.newId(),
      sandbox,
      config,
      behaviour: (this.#options.behaviour ?? behaviourOf)(config, sandbox.config),
      resources: config.linux.resources,
      state: 'CONTAINER_CREATED',
      createdAt: this.#pods.nowNs(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      diskBytes: 0,
      reason: '',
      lines: [],
      streams: new Set(),
      timer: undefined,
    }
    this.#pods.addContainer(container)
    return container.id
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#pods.container(id)
    const name = `${subject(container.sandbox.config)}/${container.config.metadata.name}`
    await this.#pass('startContainer', name, this.#options.latencies?.startContainerMs)
    const { behaviour } = container
    if (behaviour.startError !== undefined) {
      container.startedAt = this.#pods.nowNs()
      container.state = 'CONTAINER_RUNNING'
      this.#pods.end(container, 128, 'StartError')
      throw new RuntimeError('Unknown', behaviour.startError)
    }
    container.state = 'CONTAINER_RUNNING'
    container.startedAt = this.#pods.nowNs()
    container.diskBytes = behaviour.diskBytes
    for (const line of behaviour.output) this.#pods.write(container, line)
    if (behaviour.exitAfterMs !== undefined) {
      container.timer = this.#host.schedule(behaviour.exitAfterMs, () => {
        this.#pods.end(container, behaviour.outOfMemory ? 137 : behaviour.exitCode)
        this.#pods.changed(container)
      })
    }
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const container = this.#pods.findContainer(id)
    if (container?.state !== 'CONTAINER_RUNNING') return
    const { stopAfterMs, stopExitCode } = container.behaviour
    const inTime = stopAfterMs <= timeoutSeconds * 1000
    const waitMs = Math.min(stopAfterMs, timeoutSeconds * 1000)
    if (waitMs > 0) await sleep(this.#host, waitMs)
    this.#pods.end(container, inTime ? stopExitCode : 137)
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.#pods.findContainer(id)
    if (container === undefined) return
    this.#pods.end(container, 137)
    this.#pods.removeContainer(container)
  }

  async listContainers(filter: ContainerFilter): Promise<readonly Container[]> {
    return this.#pods.selected(filter).map(containerView)
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    return containerView(this.#pods.container(id))
  }

  async updateContainerResources(id: string, resources: ContainerResources): Promise<void> {
    const container = this.#pods.container(id)
    const name = `${subject(container.sandbox.config)}/${container.config.metadata.name}`
    await this.#pass('updateContainerResources', name, 0)
    container.resources = { ...container.resources, ...resources }
  }

  async reopenContainerLog(id: string): Promise<void> {
    this.#pods.container(id)
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult> {
    const container = this.#pods.running(id)
    await this.#pass('execSync', `${subject(container.sandbox.config)}/${container.config.metadata.name}`, 0)
    return runCommand(this.#host, container, command, timeoutSeconds)
  }

  async exec(
    id: string,
    command: readonly string[],
    _request: StreamRequest,
    output: OutputSink,
  ): Promise<StreamSession> {
    return streamCommand(this.#host, this.#pods.running(id), command, output)
  }

  async attach(id: string, _request: StreamRequest, output: OutputSink): Promise<StreamSession> {
    const container = this.#pods.running(id)
    const stream = new SimulatedStream(output)
    container.streams.add(stream)
    return stream
  }

  async portForward(_sandboxId: string, port: number): Promise<PortSession> {
    throw new RuntimeError('Unimplemented', `simulated containers do not listen on port ${port}`)
  }

  async containerStats(id: string): Promise<ContainerStats> {
    return statsOf(this.#pods.container(id), this.#host.now())
  }

  async listContainerStats(filter: ContainerFilter): Promise<readonly ContainerStats[]> {
    const nowMs = this.#host.now()
    return this.#pods.selected(filter).map((container) => statsOf(container, nowMs))
  }

  async listImages(): Promise<readonly Image[]> {
    return [...this.#images].map(imageOf)
  }

  async imageStatus(image: ImageSpec): Promise<Image | undefined> {
    return this.#images.has(image.image) ? imageOf(image.image) : undefined
  }

  async pullImage(image: ImageSpec, _auth: AuthConfig | undefined, _sandbox: SandboxConfig): Promise<string> {
    await this.#pass('pullImage', image.image, this.#options.latencies?.pullImageMs)
    this.#images.add(image.image)
    return imageOf(image.image).id
  }

  async removeImage(image: ImageSpec): Promise<void> {
    for (const name of this.#images) {
      if (name === image.image || imageOf(name).id === image.image) this.#images.delete(name)
    }
  }

  async imageFsInfo(): Promise<readonly FilesystemUsage[]> {
    return [usage(this.#images.size, this.#host.now())]
  }

  onPodChange(handler: (podUid: string) => void): () => void {
    return this.#pods.onChange(handler)
  }

  /** Ends a running container as if its program had: what tests and faults do. */
  endContainer(podUid: string, name: string, exitCode: number, reason?: string): void {
    for (const container of this.#pods.runningNamed(podUid, name)) {
      this.#pods.end(container, exitCode, reason)
      this.#pods.changed(container)
    }
  }

  /** Makes a running container write that much more to its own layer. */
  writeDisk(podUid: string, name: string, bytes: number): void {
    for (const container of this.#pods.runningNamed(podUid, name)) container.diskBytes += bytes
  }

  /** What others than pods have on the node's disk. */
  fillDisk(bytes: number): void {
    this.#foreignDiskBytes = bytes
  }

  /** What is on the node's disk: images, containers' layers, and others' files. */
  get usedDiskBytes(): number {
    return this.#foreignDiskBytes + this.#pods.diskBytes + imageBytes * this.#images.size
  }

  /** Makes a running container write a line to its log. */
  writeLine(podUid: string, name: string, line: string): void {
    for (const container of this.#pods.runningNamed(podUid, name)) this.#pods.write(container, line)
  }

  /** The labels of every sandbox in which a container runs. */
  runningSandboxes(): readonly StringRecord[] {
    return this.#pods
      .sandboxesOf(undefined)
      .filter(({ containers }) => [...containers].some(({ state }) => state === 'CONTAINER_RUNNING'))
      .map(({ config }) => config.labels)
  }

  /** What a container has written, oldest first; undefined when there is no such container. */
  lines(id: string): SimulatedContainer['lines'] | undefined {
    return this.#pods.findContainer(id)?.lines
  }

  /** How a container acts; undefined when there is no such container. */
  behaviour(id: string): Behaviour | undefined {
    return this.#pods.findContainer(id)?.behaviour
  }

  /** Fails when it is told to, else takes the verb's time. */
  async #pass(verb: FaultyVerb, name: string, latencyMs: number | undefined): Promise<void> {
    if (latencyMs !== undefined && latencyMs > 0) await sleep(this.#host, latencyMs)
    const fault = this.#options.fault?.(verb, name)
    if (fault !== undefined) throw new RuntimeError('Unknown', fault)
  }

  #takeAddress(config: SandboxConfig): string {
    if (config.linux.securityContext.namespaceOptions?.network === 'NODE') return ''
    if (this.#addresses === undefined) throw new RuntimeError('Unknown', 'the node has no pod CIDR yet')
    const address = this.#addresses.take()
    if (address === undefined) throw new RuntimeError('Unknown', `no address is free in ${this.#podCidr}`)
    return address
  }
}

const subject = (config: SandboxConfig): string => `${config.metadata.namespace}/${config.metadata.name}`
