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
} from './messages.ts'
import type {
  ExecSyncResult,
  OutputSink,
  PortSession,
  Runtime,
  StreamRequest,
  StreamSession,
} from './runtime.ts'

/** A runtime for the pods of one handler of RuntimeClasses. */
export interface HandlerRuntime {
  readonly handler: string
  /** In front of all ids that it gives. */
  readonly idPrefix: string
  readonly runtime: Runtime
}

/** Two runtimes as one: pods of a RuntimeClass with its handler go to the special one, all others to the standard one. */
export class RuntimesByHandler implements Runtime {
  readonly #standard: Runtime
  readonly #special: HandlerRuntime

  constructor(standard: Runtime, special: HandlerRuntime) {
    this.#standard = standard
    this.#special = special
  }

  #of(id: string): Runtime {
    return id.startsWith(this.#special.idPrefix) ? this.#special.runtime : this.#standard
  }

  /** And the image as that runtime is asked for it. */
  #for({ runtimeHandler, ...image }: ImageSpec): readonly [Runtime, ImageSpec] {
    return runtimeHandler === this.#special.handler ? [this.#special.runtime, image] : [this.#standard, image]
  }

  async #both<T>(list: (runtime: Runtime) => Promise<readonly T[]>): Promise<readonly T[]> {
    return (await Promise.all([list(this.#standard), list(this.#special.runtime)])).flat()
  }

  version(): Promise<RuntimeVersion> {
    return this.#standard.version()
  }

  async status(): Promise<RuntimeStatus> {
    const status = await this.#standard.status()
    const features = { recursiveReadOnlyMounts: false, userNamespaces: false }
    return { ...status, handlers: [...status.handlers, { name: this.#special.handler, features }] }
  }

  updatePodCidr(podCidr: string): Promise<void> {
    return this.#standard.updatePodCidr(podCidr)
  }

  runPodSandbox(config: SandboxConfig, runtimeHandler: string): Promise<string> {
    const runtime = runtimeHandler === this.#special.handler ? this.#special.runtime : this.#standard
    return runtime.runPodSandbox(config, runtimeHandler)
  }

  stopPodSandbox(id: string): Promise<void> {
    return this.#of(id).stopPodSandbox(id)
  }

  removePodSandbox(id: string): Promise<void> {
    return this.#of(id).removePodSandbox(id)
  }

  podSandboxStatus(id: string): Promise<SandboxStatus> {
    return this.#of(id).podSandboxStatus(id)
  }

  updatePodSandboxResources(
    id: string,
    overhead: ContainerResources,
    resources: ContainerResources,
  ): Promise<void> {
    return this.#of(id).updatePodSandboxResources(id, overhead, resources)
  }

  listPodSandbox(filter: SandboxFilter): Promise<readonly PodSandbox[]> {
    return this.#both((runtime) => runtime.listPodSandbox(filter))
  }

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    return this.#of(sandboxId).createContainer(sandboxId, config, sandbox)
  }

  startContainer(id: string): Promise<void> {
    return this.#of(id).startContainer(id)
  }

  stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    return this.#of(id).stopContainer(id, timeoutSeconds)
  }

  removeContainer(id: string): Promise<void> {
    return this.#of(id).removeContainer(id)
  }

  listContainers(filter: ContainerFilter): Promise<readonly Container[]> {
    return this.#both((runtime) => runtime.listContainers(filter))
  }

  containerStatus(id: string): Promise<ContainerStatus> {
    return this.#of(id).containerStatus(id)
  }

  updateContainerResources(id: string, resources: ContainerResources): Promise<void> {
    return this.#of(id).updateContainerResources(id, resources)
  }

  checkpointContainer(id: string, location: string, timeoutSeconds: number): Promise<void> {
    return this.#of(id).checkpointContainer(id, location, timeoutSeconds)
  }

  reopenContainerLog(id: string): Promise<void> {
    return this.#of(id).reopenContainerLog(id)
  }

  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult> {
    return this.#of(id).execSync(id, command, timeoutSeconds)
  }

  exec(
    id: string,
    command: readonly string[],
    request: StreamRequest,
    output: OutputSink,
  ): Promise<StreamSession> {
    return this.#of(id).exec(id, command, request, output)
  }

  attach(id: string, request: StreamRequest, output: OutputSink): Promise<StreamSession> {
    return this.#of(id).attach(id, request, output)
  }

  portForward(
    sandboxId: string,
    port: number,
    output: (data: Uint8Array) => void | Promise<void>,
  ): Promise<PortSession> {
    return this.#of(sandboxId).portForward(sandboxId, port, output)
  }

  containerStats(id: string): Promise<ContainerStats> {
    return this.#of(id).containerStats(id)
  }

  listContainerStats(filter: ContainerFilter): Promise<readonly ContainerStats[]> {
    return this.#both((runtime) => runtime.listContainerStats(filter))
  }

  listImages(): Promise<readonly Image[]> {
    return this.#both((runtime) => runtime.listImages())
  }

  imageStatus(spec: ImageSpec): Promise<Image | undefined> {
    const [runtime, image] = this.#for(spec)
    return runtime.imageStatus(image)
  }

  pullImage(spec: ImageSpec, auth: AuthConfig | undefined, sandbox?: SandboxConfig): Promise<string> {
    const [runtime, image] = this.#for(spec)
    return runtime.pullImage(image, auth, sandbox)
  }

  async removeImage(image: ImageSpec): Promise<void> {
    await Promise.all([this.#standard.removeImage(image), this.#special.runtime.removeImage(image)])
  }

  imageFsInfo(): Promise<readonly FilesystemUsage[]> {
    return this.#standard.imageFsInfo()
  }

  onPodChange(handler: (podUid: string) => void): () => void {
    const removes = [this.#standard.onPodChange(handler), this.#special.runtime.onPodChange(handler)]
    return () => {
      for (const remove of removes) remove()
    }
  }
}
