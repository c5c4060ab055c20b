import type { Host, Timer } from '../../../base/host.ts'
import { podUidLabel } from '../labels.ts'
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
  RuntimeCondition,
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
import { type Behaviour, behaviourOf, environmentOf } from './behaviour.ts'
import { runScript } from './script.ts'
import { imageBytes, imageOf, statsOf, usage } from './simulated-images.ts'
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
export type FaultyVerb = 'runPodSandbox' | 'createContainer' | 'startContainer' | 'pullImage' | 'execSync'

export interface SimulatedRuntimeOptions {
  readonly host: Host
  readonly latencies?: SimulatedLatencies
  /** Asked before each such verb; a message makes it fail. `subject` is `namespace/pod`, with `/container` for containers, or the image. */
  readonly fault?: (verb: FaultyVerb, subject: string) => string | undefined
  /** How containers act; by their command and annotations when absent. */
  readonly behaviour?: (config: ContainerConfig, sandbox: SandboxConfig) => Behaviour
  /** Images that are there from the start. All others can be pulled. */
  readonly images?: readonly string[]
}

/** Lines kept of what a container wrote. */
const keptLines = 1000

/** Runs pods in memory: nothing but state and timers, so that thousands fit one process. */
export class SimulatedRuntime implements Runtime {
  readonly #options: SimulatedRuntimeOptions
  readonly #host: Host
  readonly #sandboxes = new Map<string, SimulatedSandbox>()
  readonly #sandboxesByPod = new Map<string, Set<SimulatedSandbox>>()
  readonly #containers = new Map<string, SimulatedContainer>()
  readonly #images = new Set<string>()
  readonly #handlers = new Set<(podUid: string) => void>()
  #addresses: AddressPool | undefined
  #podCidr = ''
  #foreignDiskBytes = 0

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options
    this.#host = options.host
    for (const image of options.images ?? []) this.#images.add(image)
  }

  async version(): Promise<RuntimeVersion> {
    return { version: '0.1.0', runtimeName: 'simulated', runtimeVersion: '1', runtimeApiVersion: 'v1' }
  }

  async status(): Promise<readonly RuntimeCondition[]> {
    const networked = this.#addresses !== undefined
    return [
      { type: 'RuntimeReady', status: true, reason: '', message: '' },
      {
        type: 'NetworkReady',
        status: networked,
        reason: networked ? '' : 'NetworkPluginNotReady',
        message: networked ? '' : 'the node has no pod CIDR yet',
      },
    ]
  }

  async updatePodCidr(podCidr: string): Promise<void> {
    if (podCidr === this.#podCidr) return
    this.#addresses = new AddressPool(podCidr)
    this.#podCidr = podCidr
  }

  async runPodSandbox(config: SandboxConfig, _runtimeHandler: string): Promise<string> {
    await this.#pass('runPodSandbox', subject(config), this.#options.latencies?.runPodSandboxMs)
    const sandbox: SimulatedSandbox = {
      id: this.#newId(),
      config,
      ready: true,
      createdAt: this.#nowNs(),
      address: this.#takeAddress(config),
      containers: new Set(),
    }
    this.#sandboxes.set(sandbox.id, sandbox)
    const uid = config.metadata.uid
    const siblings = this.#sandboxesByPod.get(uid)
    if (siblings === undefined) this.#sandboxesByPod.set(uid, new Set([sandbox]))
    else siblings.add(sandbox)
    return sandbox.id
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id)
    if (sandbox === undefined || !sandbox.ready) return
    for (const container of sandbox.containers) this.#end(container, 137)
    sandbox.ready = false
    if (sandbox.address !== '') this.#addresses?.give(sandbox.address)
  }

  async removePodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id)
    if (sandbox === undefined) return
    await this.stopPodSandbox(id)
    for (const container of sandbox.containers) this.#containers.delete(container.id)
    this.#sandboxes.delete(id)
    const siblings = this.#sandboxesByPod.get(sandbox.config.metadata.uid)
    siblings?.delete(sandbox)
    if (siblings?.size === 0) this.#sandboxesByPod.delete(sandbox.config.metadata.uid)
  }

  async podSandboxStatus(id: string): Promise<SandboxStatus> {
    return sandboxView(this.#sandbox(id))
  }

  async listPodSandbox(filter: SandboxFilter): Promise<readonly PodSandbox[]> {
    return this.#sandboxesOf(filter.labelSelector?.[podUidLabel])
      .map(sandboxView)
      .filter((view) => matches(filter, view))
  }

  async createContainer(
    sandboxId: string,
    config: ContainerConfig,
    _sandbox: SandboxConfig,
  ): Promise<string> {
    const sandbox = this.#sandbox(sandboxId)
    const name = `${subject(sandbox.config)}/${config.metadata.name}`
    await this.#pass('createContainer', name, this.#options.latencies?.createContainerMs)
    const container: SimulatedContainer = {
      id: this.#newId(),
      sandbox,
      config,
      behaviour: (this.#options.behaviour ?? behaviourOf)(config, sandbox.config),
      state: 'CONTAINER_CREATED',
      createdAt: this.#nowNs(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      diskBytes: 0,
      reason: '',
      lines: [],
      streams: new Set(),
      timer: undefined,
    }
    sandbox.containers.add(container)
    this.#containers.set(container.id, container)
    return container.id
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id)
    const name = `${subject(container.sandbox.config)}/${container.config.metadata.name}`
    await this.#pass('startContainer', name, this.#options.latencies?.startContainerMs)
    const { behaviour } = container
    if (behaviour.startError !== undefined) {
      container.startedAt = this.#nowNs()
      container.state = 'CONTAINER_RUNNING'
      this.#end(container, 128, 'StartError')
      throw new RuntimeError('Unknown', behaviour.startError)
    }
    container.state = 'CONTAINER_RUNNING'
    container.startedAt = this.#nowNs()
    container.diskBytes = behaviour.diskBytes
    for (const line of behaviour.output) this.#write(container, line)
    if (behaviour.exitAfterMs !== undefined) {
      container.timer = this.#host.schedule(behaviour.exitAfterMs, () => {
        this.#end(container, behaviour.outOfMemory ? 137 : behaviour.exitCode)
        this.#changed(container)
      })
    }
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const container = this.#containers.get(id)
    if (container?.state !== 'CONTAINER_RUNNING') return
    const { stopAfterMs, stopExitCode } = container.behaviour
    const inTime = stopAfterMs <= timeoutSeconds * 1000
    const waitMs = Math.min(stopAfterMs, timeoutSeconds * 1000)
    if (waitMs > 0) await this.#sleep(waitMs)
    this.#end(container, inTime ? stopExitCode : 137)
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id)
    if (container === undefined) return
    this.#end(container, 137)
    container.sandbox.containers.delete(container)
    this.#containers.delete(id)
  }

  async listContainers(filter: ContainerFilter): Promise<readonly Container[]> {
    return this.#selected(filter).map(containerView)
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    return containerView(this.#container(id))
  }

  async updateContainerResources(id: string): Promise<void> {
    this.#container(id)
  }

  async reopenContainerLog(id: string): Promise<void> {
    this.#container(id)
  }

  /** A command that is not simulated succeeds and says nothing, so that probes and hooks pass. */
  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult> {
    const container = this.#running(id)
    await this.#pass('execSync', `${subject(container.sandbox.config)}/${container.config.metadata.name}`, 0)
    const ran = runScript(command, environmentOf(container.config, container.sandbox.config))
    const durationMs = ran?.forever === true ? Number.POSITIVE_INFINITY : (ran?.durationMs ?? 0)
    if (timeoutSeconds > 0 && durationMs > timeoutSeconds * 1000) {
      await this.#sleep(timeoutSeconds * 1000)
      const text = `command "${command.join(' ')}" timed out: timeout ${timeoutSeconds}s exceeded`
      throw new RuntimeError('DeadlineExceeded', text)
    }
    if (durationMs > 0) await this.#sleep(durationMs)
    const encode = (lines: readonly string[] = []): Uint8Array =>
      new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
    return { stdout: encode(ran?.output), stderr: encode(ran?.errors), exitCode: ran?.exitCode ?? 0 }
  }

  async exec(
    id: string,
    command: readonly string[],
    _request: StreamRequest,
    output: OutputSink,
  ): Promise<StreamSession> {
    const container = this.#running(id)
    const ran = runScript(command, environmentOf(container.config, container.sandbox.config)) ?? {
      output: [],
      errors: [`simulated containers have no program ${JSON.stringify(command[0] ?? '')}`],
      durationMs: 0,
      exitCode: 127,
    }
    const stream = new SimulatedStream(output)
    for (const line of ran.output) stream.write('stdout', line)
    for (const line of ran.errors) stream.write('stderr', line)
    this.#host.schedule(ran.durationMs, () => stream.end({ kind: 'exited', exitCode: ran.exitCode }))
    return stream
  }

  async attach(id: string, _request: StreamRequest, output: OutputSink): Promise<StreamSession> {
    const container = this.#running(id)
    const stream = new SimulatedStream(output)
    container.streams.add(stream)
    return stream
  }

  async portForward(_sandboxId: string, port: number): Promise<PortSession> {
    throw new RuntimeError('Unimplemented', `simulated containers do not listen on port ${port}`)
  }

  async containerStats(id: string): Promise<ContainerStats> {
    return statsOf(this.#container(id), this.#host.now())
  }

  async listContainerStats(filter: ContainerFilter): Promise<readonly ContainerStats[]> {
    const nowMs = this.#host.now()
    return this.#selected(filter).map((container) => statsOf(container, nowMs))
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
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** Ends a running container as if its program had: what tests and faults do. */
  endContainer(podUid: string, name: string, exitCode: number, reason?: string): void {
    for (const container of this.#runningNamed(podUid, name)) {
      this.#end(container, exitCode, reason)
      this.#changed(container)
    }
  }

  /** Makes a running container write that much more to its own layer. */
  writeDisk(podUid: string, name: string, bytes: number): void {
    for (const container of this.#runningNamed(podUid, name)) container.diskBytes += bytes
  }

  /** What others than pods have on the node's disk. */
  fillDisk(bytes: number): void {
    this.#foreignDiskBytes = bytes
  }

  /** What is on the node's disk: images, containers' layers, and others' files. */
  get usedDiskBytes(): number {
    const layers = [...this.#containers.values()].reduce((sum, { diskBytes }) => sum + diskBytes, 0)
    return this.#foreignDiskBytes + layers + imageBytes * this.#images.size
  }

  /** Makes a running container write a line to its log. */
  writeLine(podUid: string, name: string, line: string): void {
    for (const container of this.#runningNamed(podUid, name)) this.#write(container, line)
  }

  /** The labels of every sandbox in which a container runs. */
  runningSandboxes(): readonly StringRecord[] {
    return [...this.#sandboxes.values()]
      .filter(({ containers }) => [...containers].some(({ state }) => state === 'CONTAINER_RUNNING'))
      .map(({ config }) => config.labels)
  }

  /** What a container has written, oldest first; undefined when there is no such container. */
  lines(id: string): SimulatedContainer['lines'] | undefined {
    return this.#containers.get(id)?.lines
  }

  /** How a container acts; undefined when there is no such container. */
  behaviour(id: string): Behaviour | undefined {
    return this.#containers.get(id)?.behaviour
  }

  #runningNamed(podUid: string, name: string): readonly SimulatedContainer[] {
    return this.#sandboxesOf(podUid)
      .flatMap((sandbox) => [...sandbox.containers])
      .filter((it) => it.config.metadata.name === name && it.state === 'CONTAINER_RUNNING')
  }

  #end(container: SimulatedContainer, exitCode: number, reason?: string): void {
    container.timer?.cancel()
    if (container.state !== 'CONTAINER_RUNNING') return
    container.state = 'CONTAINER_EXITED'
    container.exitCode = exitCode
    const usual = container.behaviour.outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error'
    container.reason = reason ?? usual
    container.finishedAt = this.#nowNs()
    for (const stream of container.streams) stream.end({ kind: 'exited', exitCode })
    container.streams.clear()
  }

  #changed(container: SimulatedContainer): void {
    for (const handler of this.#handlers) handler(container.sandbox.config.metadata.uid)
  }

  #write(container: SimulatedContainer, text: string): void {
    container.lines.push({ timeMs: this.#host.now(), text })
    if (container.lines.length > keptLines) container.lines.shift()
    for (const stream of container.streams) stream.write('stdout', text)
  }

  /** Fails when it is told to, else takes the verb's time. */
  async #pass(verb: FaultyVerb, name: string, latencyMs: number | undefined): Promise<void> {
    if (latencyMs !== undefined && latencyMs > 0) await this.#sleep(latencyMs)
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

  #sandboxesOf(podUid: string | undefined): readonly SimulatedSandbox[] {
    return podUid === undefined
      ? [...this.#sandboxes.values()]
      : [...(this.#sandboxesByPod.get(podUid) ?? [])]
  }

  #selected(filter: ContainerFilter): readonly SimulatedContainer[] {
    return this.#sandboxesOf(filter.labelSelector?.[podUidLabel])
      .flatMap((sandbox) => [...sandbox.containers])
      .filter((container) => matches(filter, containerView(container)))
  }

  #sandbox(id: string): SimulatedSandbox {
    const sandbox = this.#sandboxes.get(id)
    if (sandbox === undefined) throw new RuntimeError('NotFound', `no sandbox ${id}`)
    return sandbox
  }

  #container(id: string): SimulatedContainer {
    const container = this.#containers.get(id)
    if (container === undefined) throw new RuntimeError('NotFound', `no container ${id}`)
    return container
  }

  #running(id: string): SimulatedContainer {
    const container = this.#container(id)
    if (container.state !== 'CONTAINER_RUNNING') {
      throw new RuntimeError('Unknown', `container ${id} is not running`)
    }
    return container
  }

  #newId(): string {
    return [...this.#host.randomBytes(32)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  #nowNs(): number {
    return this.#host.now() * 1e6
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve): Timer => this.#host.schedule(ms, resolve))
  }
}

const subject = (config: SandboxConfig): string => `${config.metadata.namespace}/${config.metadata.name}`
