import criDescriptor from '../../../api/generated/rpc/cri-v1.json' with { type: 'json' }
import { loadServices } from '../../../base/host/load-services.ts'
import { messageOf } from '../../../base/message-of.ts'
import { GrpcConnection } from '../../grpc/grpc-connection.ts'
import type { ImageMounts } from '../../volumes/image-volumes.ts'
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
} from '../messages.ts'
import {
  type ExecSyncResult,
  isRuntimeError,
  type ListObserver,
  type OutputSink,
  type PortSession,
  type Runtime,
  RuntimeError,
  type StreamRequest,
  type StreamSession,
} from '../runtime.ts'
import { containerdDescriptor } from './containerd-events.ts'
import { ContainerdImages, needsImageMounts, snapshotsDescriptor } from './containerd-images.ts'
import { PodWatcher } from './pod-watcher.ts'
import { openPort, openStream } from './streaming.ts'

const runtimeService = 'runtime.v1.RuntimeService'
const imageService = 'runtime.v1.ImageService'

/** Upstream's runtimeRequestTimeout; a sandbox may take twice that. */
const requestTimeoutMs = 120_000
const sandboxTimeoutMs = 2 * requestTimeoutMs

/** Rejects where nothing may run in a new sandbox on the pod network; its addresses on demand. */
export type SandboxGate = (
  sandbox: SandboxConfig,
  addresses: () => Promise<readonly string[]>,
) => Promise<void>

/** A container runtime behind a CRI v1 socket: containerd, CRI-O or another. */
export class CriRuntime implements Runtime {
  readonly #connection: GrpcConnection
  readonly #watcher: PodWatcher
  #gate: SandboxGate | undefined

  constructor(socketPath: string) {
    const services = new Map([
      ...loadServices(criDescriptor),
      ...loadServices(containerdDescriptor),
      ...loadServices(snapshotsDescriptor),
    ])
    this.#connection = new GrpcConnection(socketPath, services)
    this.#watcher = new PodWatcher(this, this.#connection)
  }

  /** Whoever made it closes it. Pods live on. */
  close(): void {
    this.#watcher.stop()
    this.#connection.close()
  }

  /** Who is told of the lists by which changes are found. */
  observeLists(observer: ListObserver): void {
    this.#watcher.onList = observer
  }

  /** Who says when something may run in new sandboxes on the pod network. */
  guardSandboxes(gate: SandboxGate): void {
    this.#gate = gate
  }

  /** For runtimes that mount no image volumes themselves, and tell where images lie; undefined for others. */
  async imageMounts(): Promise<ImageMounts | undefined> {
    return needsImageMounts(await this.version()) ? new ContainerdImages(this.#connection) : undefined
  }

  version(): Promise<RuntimeVersion> {
    return this.#runtime('Version', { version: '0.1.0' })
  }

  async status(): Promise<RuntimeStatus> {
    const { status, runtimeHandlers, features } = await this.#runtime<{
      readonly status?: Pick<RuntimeStatus, 'conditions'>
      readonly runtimeHandlers: RuntimeStatus['handlers']
      readonly features?: RuntimeStatus['features']
    }>('Status', {})
    return {
      conditions: status?.conditions ?? [],
      handlers: runtimeHandlers,
      ...(features === undefined ? {} : { features }),
    }
  }

  async updatePodCidr(podCidr: string): Promise<void> {
    await this.#runtime('UpdateRuntimeConfig', { runtimeConfig: { networkConfig: { podCidr } } })
  }

  async runPodSandbox(config: SandboxConfig, runtimeHandler: string): Promise<string> {
    const answer = await this.#runtime<{ readonly podSandboxId: string }>(
      'RunPodSandbox',
      { config, runtimeHandler },
      sandboxTimeoutMs,
    )
    const id = answer.podSandboxId
    if (config.linux.securityContext.namespaceOptions?.network !== 'NODE') await this.#pass(id, config)
    return id
  }

  async #pass(id: string, config: SandboxConfig): Promise<void> {
    try {
      await this.#gate?.(config, async () => {
        const { ip, additionalIps } = (await this.podSandboxStatus(id)).network ?? {
          ip: '',
          additionalIps: [],
        }
        return [ip, ...additionalIps.map((each) => each.ip)].filter((each) => each !== '')
      })
    } catch (error) {
      await this.stopPodSandbox(id)
      await this.removePodSandbox(id)
      throw new RuntimeError('Unknown', messageOf(error))
    }
  }

  async stopPodSandbox(id: string): Promise<void> {
    await unlessMissing(this.#runtime('StopPodSandbox', { podSandboxId: id }))
  }

  async removePodSandbox(id: string): Promise<void> {
    await unlessMissing(this.#runtime('RemovePodSandbox', { podSandboxId: id }))
  }

  async podSandboxStatus(id: string): Promise<SandboxStatus> {
    const { status } = await this.#runtime<{ readonly status?: SandboxStatus }>('PodSandboxStatus', {
      podSandboxId: id,
    })
    return present(status, `no status of sandbox ${id}`)
  }

  async listPodSandbox(filter: SandboxFilter): Promise<readonly PodSandbox[]> {
    return (await this.#runtime<{ readonly items: readonly PodSandbox[] }>('ListPodSandbox', { filter }))
      .items
  }

  async updatePodSandboxResources(
    id: string,
    overhead: ContainerResources,
    resources: ContainerResources,
  ): Promise<void> {
    await this.#runtime('UpdatePodSandboxResources', { podSandboxId: id, overhead, resources })
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const answer = await this.#runtime<{ readonly containerId: string }>('CreateContainer', {
      podSandboxId: sandboxId,
      config,
      sandboxConfig: sandbox,
    })
    return answer.containerId
  }

  async startContainer(id: string): Promise<void> {
    await this.#runtime('StartContainer', { containerId: id })
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const timeoutMs = timeoutSeconds * 1000 + requestTimeoutMs
    await unlessMissing(
      this.#runtime('StopContainer', { containerId: id, timeout: timeoutSeconds }, timeoutMs),
    )
  }

  async removeContainer(id: string): Promise<void> {
    await unlessMissing(this.#runtime('RemoveContainer', { containerId: id }))
  }

  async listContainers(filter: ContainerFilter): Promise<readonly Container[]> {
    return (await this.#runtime<{ readonly containers: readonly Container[] }>('ListContainers', { filter }))
      .containers
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    const { status } = await this.#runtime<{ readonly status?: ContainerStatus }>('ContainerStatus', {
      containerId: id,
    })
    return present(status, `no status of container ${id}`)
  }

  async updateContainerResources(id: string, resources: ContainerResources): Promise<void> {
    await this.#runtime('UpdateContainerResources', { containerId: id, linux: resources })
  }

  async reopenContainerLog(id: string): Promise<void> {
    await this.#runtime('ReopenContainerLog', { containerId: id })
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult> {
    const timeoutMs = timeoutSeconds === 0 ? undefined : timeoutSeconds * 1000 + requestTimeoutMs
    const request = { containerId: id, cmd: command, timeout: timeoutSeconds }
    return this.#connection.call(runtimeService, 'ExecSync', request, timeoutMs)
  }

  async exec(
    id: string,
    command: readonly string[],
    request: StreamRequest,
    output: OutputSink,
  ): Promise<StreamSession> {
    const { url } = await this.#runtime<{ readonly url: string }>('Exec', {
      containerId: id,
      cmd: command,
      ...request,
    })
    return openStream(url, request, output)
  }

  async attach(id: string, request: StreamRequest, output: OutputSink): Promise<StreamSession> {
    const { url } = await this.#runtime<{ readonly url: string }>('Attach', { containerId: id, ...request })
    return openStream(url, request, output)
  }

  async portForward(
    sandboxId: string,
    port: number,
    output: (data: Uint8Array) => void | Promise<void>,
  ): Promise<PortSession> {
    const { url } = await this.#runtime<{ readonly url: string }>('PortForward', {
      podSandboxId: sandboxId,
      port: [port],
    })
    return openPort(url, port, output)
  }

  async checkpointContainer(id: string, location: string, timeoutSeconds: number): Promise<void> {
    const request = { containerId: id, location, timeout: timeoutSeconds }
    await this.#runtime('CheckpointContainer', request, timeoutSeconds * 1000 + requestTimeoutMs)
  }

  async containerStats(id: string): Promise<ContainerStats> {
    const { stats } = await this.#runtime<{ readonly stats?: ContainerStats }>('ContainerStats', {
      containerId: id,
    })
    return present(stats, `no stats of container ${id}`)
  }

  async listContainerStats(filter: ContainerFilter): Promise<readonly ContainerStats[]> {
    // The filter of statistics knows no state; containers that do not run have none.
    const { state: _state, ...rest } = filter
    const answer = await this.#runtime<{ readonly stats: readonly ContainerStats[] }>('ListContainerStats', {
      filter: rest,
    })
    return answer.stats
  }

  async listImages(): Promise<readonly Image[]> {
    return (await this.#images<{ readonly images: readonly Image[] }>('ListImages', {})).images
  }

  async imageStatus(image: ImageSpec): Promise<Image | undefined> {
    return (await this.#images<{ readonly image?: Image }>('ImageStatus', { image })).image
  }

  async pullImage(image: ImageSpec, auth: AuthConfig | undefined, sandbox?: SandboxConfig): Promise<string> {
    const request = { image, sandboxConfig: sandbox, ...(auth === undefined ? {} : { auth }) }
    return (await this.#connection.call<{ readonly imageRef: string }>(imageService, 'PullImage', request))
      .imageRef
  }

  async removeImage(image: ImageSpec): Promise<void> {
    await unlessMissing(this.#images('RemoveImage', { image }))
  }

  async imageFsInfo(): Promise<readonly FilesystemUsage[]> {
    const answer = await this.#images<{ readonly imageFilesystems: readonly FilesystemUsage[] }>(
      'ImageFsInfo',
      {},
    )
    return answer.imageFilesystems
  }

  onPodChange(handler: (podUid: string) => void): () => void {
    return this.#watcher.onPodChange(handler)
  }

  #runtime<T>(method: string, request: object, timeoutMs: number = requestTimeoutMs): Promise<T> {
    return this.#connection.call(runtimeService, method, request, timeoutMs)
  }

  #images<T>(method: string, request: object): Promise<T> {
    return this.#connection.call(imageService, method, request, requestTimeoutMs)
  }
}

function present<T>(value: T | undefined, complaint: string): T {
  if (value === undefined) throw new RuntimeError('Unknown', complaint)
  return value
}

async function unlessMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isRuntimeError(error, 'NotFound')) throw error
  }
}
