import type { Host } from '../../../base/host.ts'
import { sleep } from '../../../base/sleep.ts'
import { matches } from '../filter.ts'
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
import { type Call, callOf, subjectOf } from './call.ts'
import { runCommand, streamCommand } from './simulated-commands.ts'
import { imageBytes, imageOf, usage } from './simulated-images.ts'
import type { FaultyVerb, SimulatedRuntimeOptions } from './simulated-options.ts'
import { SimulatedPods } from './simulated-pods.ts'
import { type ContainerUsage, statsOf } from './simulated-stats.ts'
import { SimulatedStream } from './simulated-stream.ts'
import { containerView, type SimulatedContainer, type SimulatedSandbox, sandboxView } from './state.ts'

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
  #foreignMemoryBytes = 0
  #notReady = ''

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
        {
          type: 'RuntimeReady',
          status: this.#notReady === '',
          reason: this.#notReady === '' ? '' : 'ContainerRuntimeNotReady',
          message: this.#notReady,
        },
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
    await this.#pass('runPodSandbox', { sandbox: config }, this.#options.latencies?.runPodSandboxMs)
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
    const call = { sandbox: sandbox.config, container: config.metadata.name }
    await this.#pass('createContainer', call, this.#options.latencies?.createContainerMs)
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
      cpu: { usedNs: 0, lookedAt: 0 },
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
    await this.#pass('startContainer', callOf(container), this.#options.latencies?.startContainerMs)
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
    await this.#pass('updateContainerResources', callOf(container), 0)
    container.resources = { ...container.resources, ...resources }
  }

  async updatePodSandboxResources(id: string): Promise<void> {
    await this.podSandboxStatus(id)
  }

  async reopenContainerLog(id: string): Promise<void> {
    this.#pods.container(id)
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult> {
    const container = this.#pods.running(id)
    await this.#pass('execSync', callOf(container), 0)
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

  async checkpointContainer(): Promise<void> {
    throw new RuntimeError('Unimplemented', 'the simulation has no processes whose state could be written')
  }

  async containerStats(id: string): Promise<ContainerStats> {
    return this.#statsOf(this.#pods.container(id))
  }

  async listContainerStats(filter: ContainerFilter): Promise<readonly ContainerStats[]> {
    return this.#pods.selected(filter).map((container) => this.#statsOf(container))
  }

  async listImages(): Promise<readonly Image[]> {
    return [...this.#images].map(imageOf)
  }

  async imageStatus(image: ImageSpec): Promise<Image | undefined> {
    return this.#images.has(image.image) ? imageOf(image.image) : undefined
  }

  async pullImage(image: ImageSpec, _auth: AuthConfig | undefined, sandbox?: SandboxConfig): Promise<string> {
    const latencyMs = this.#options.latencies?.pullImageMs ?? 0
    // For no pod: there is none whose stage could have it fail.
    if (sandbox === undefined) await sleep(this.#host, latencyMs)
    else await this.#pass('pullImage', { sandbox, image: image.image }, latencyMs)
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

  /** Has a running container act otherwise from now on. */
  changeBehaviour(podUid: string, name: string, change: Partial<Behaviour>): void {
    for (const container of this.#pods.runningNamed(podUid, name))
      container.behaviour = { ...container.behaviour, ...change }
  }

  /** Why the runtime is not ready; '': it is. */
  setReady(error: string): void {
    this.#notReady = error
  }

  /** Makes a running container write that much more to its own layer. */
  writeDisk(podUid: string, name: string, bytes: number): void {
    for (const container of this.#pods.runningNamed(podUid, name)) container.diskBytes += bytes
  }

  /** What others than pods have on the node's disk. */
  fillDisk(bytes: number): void {
    this.#foreignDiskBytes = bytes
  }

  /** What others than pods hold of the node's memory. */
  fillMemory(bytes: number): void {
    this.#foreignMemoryBytes = bytes
  }

  /** What containers and others hold of the node's memory. */
  get usedMemoryBytes(): number {
    const running = this.#pods.selected({ state: { state: 'CONTAINER_RUNNING' } })
    return running.reduce((sum, container) => sum + this.#usageOf(container).bytes, this.#foreignMemoryBytes)
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
  async #pass(verb: FaultyVerb, call: Call, latencyMs = 0): Promise<void> {
    const staged = this.#options.call?.(verb, call.sandbox, call.container)
    const waitMs = latencyMs + (staged?.delayMs ?? 0)
    if (waitMs > 0) await sleep(this.#host, waitMs)
    const fault = staged?.error ?? this.#options.fault?.(verb, subjectOf(call))
    if (fault !== undefined) throw new RuntimeError('Unknown', fault)
  }

  #usageOf({ behaviour, sandbox, config }: SimulatedContainer): ContainerUsage {
    const used = this.#options.usage?.(sandbox.config, config.metadata.name)
    return {
      cores: used?.cores ?? behaviour.cpuMillicores / 1000,
      bytes: used?.bytes ?? behaviour.memoryBytes,
    }
  }

  #statsOf(container: SimulatedContainer): ContainerStats {
    return statsOf(container, this.#usageOf(container), this.#host.now())
  }

  #takeAddress(config: SandboxConfig): string {
    if (config.linux.securityContext.namespaceOptions?.network === 'NODE') return ''
    if (this.#addresses === undefined) throw new RuntimeError('Unknown', 'the node has no pod CIDR yet')
    const address = this.#addresses.take()
    if (address === undefined) throw new RuntimeError('Unknown', `no address is free in ${this.#podCidr}`)
    return address
  }
}
