import type { Host } from '../../base/host.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { RuntimeMetrics } from './runtime-metrics.ts'

/** A runtime whose calls are counted and timed, under upstream's names of operations (`instrumented_services.go`). */
export function timedRuntime(
  runtime: Runtime,
  metrics: RuntimeMetrics,
  host: Pick<Host, 'monotonicMs'>,
): Runtime {
  async function timed<T>(operation: string, work: Promise<T>, handler?: string): Promise<T> {
    const fromMs = host.monotonicMs()
    let failed = true
    try {
      const result = await work
      failed = false
      return result
    } finally {
      metrics.done({ operation, tookMs: host.monotonicMs() - fromMs, failed, handler })
    }
  }
  return {
    ...podCalls(runtime, timed),
    ...containerCalls(runtime, timed),
    ...streamCalls(runtime, timed),
    ...imageCalls(runtime, timed),
    onPodChange: (handler) => runtime.onPodChange(handler),
  }
}

type Timed = <T>(operation: string, work: Promise<T>, handler?: string) => Promise<T>

type PodCall =
  | 'version'
  | 'status'
  | 'updatePodCidr'
  | 'runPodSandbox'
  | 'stopPodSandbox'
  | 'removePodSandbox'
  | 'podSandboxStatus'
  | 'listPodSandbox'
  | 'updatePodSandboxResources'

const podCalls = (runtime: Runtime, timed: Timed): Pick<Runtime, PodCall> => ({
  version: () => timed('version', runtime.version()),
  status: () => timed('status', runtime.status()),
  updatePodCidr: (cidr) => timed('update_runtime_config', runtime.updatePodCidr(cidr)),
  runPodSandbox: (config, handler) =>
    timed('run_podsandbox', runtime.runPodSandbox(config, handler), handler),
  stopPodSandbox: (id) => timed('stop_podsandbox', runtime.stopPodSandbox(id)),
  removePodSandbox: (id) => timed('remove_podsandbox', runtime.removePodSandbox(id)),
  podSandboxStatus: (id) => timed('podsandbox_status', runtime.podSandboxStatus(id)),
  listPodSandbox: (filter) => timed('list_podsandbox', runtime.listPodSandbox(filter)),
  updatePodSandboxResources: (...args) =>
    timed('update_podsandbox_resources', runtime.updatePodSandboxResources(...args)),
})

type ContainerCall =
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'listContainers'
  | 'containerStatus'
  | 'updateContainerResources'
  | 'checkpointContainer'
  | 'reopenContainerLog'
  | 'containerStats'
  | 'listContainerStats'

const containerCalls = (runtime: Runtime, timed: Timed): Pick<Runtime, ContainerCall> => ({
  createContainer: (...args) => timed('create_container', runtime.createContainer(...args)),
  startContainer: (id) => timed('start_container', runtime.startContainer(id)),
  stopContainer: (id, seconds) => timed('stop_container', runtime.stopContainer(id, seconds)),
  removeContainer: (id) => timed('remove_container', runtime.removeContainer(id)),
  listContainers: (filter) => timed('list_containers', runtime.listContainers(filter)),
  containerStatus: (id) => timed('container_status', runtime.containerStatus(id)),
  updateContainerResources: (...args) => timed('update_container', runtime.updateContainerResources(...args)),
  checkpointContainer: (...args) => timed('checkpoint_container', runtime.checkpointContainer(...args)),
  reopenContainerLog: (id) => timed('reopen_container_log', runtime.reopenContainerLog(id)),
  containerStats: (id) => timed('container_stats', runtime.containerStats(id)),
  listContainerStats: (filter) => timed('list_container_stats', runtime.listContainerStats(filter)),
})

type StreamCall = 'execSync' | 'exec' | 'attach' | 'portForward'

const streamCalls = (runtime: Runtime, timed: Timed): Pick<Runtime, StreamCall> => ({
  execSync: (...args) => timed('exec_sync', runtime.execSync(...args)),
  exec: (...args) => timed('exec', runtime.exec(...args)),
  attach: (...args) => timed('attach', runtime.attach(...args)),
  portForward: (...args) => timed('port_forward', runtime.portForward(...args)),
})

type ImageCall = 'listImages' | 'imageStatus' | 'pullImage' | 'removeImage' | 'imageFsInfo'

const imageCalls = (runtime: Runtime, timed: Timed): Pick<Runtime, ImageCall> => ({
  listImages: () => timed('list_images', runtime.listImages()),
  imageStatus: (image) => timed('image_status', runtime.imageStatus(image)),
  pullImage: (...args) => timed('pull_image', runtime.pullImage(...args)),
  removeImage: (image) => timed('remove_image', runtime.removeImage(image)),
  imageFsInfo: () => timed('image_fs_info', runtime.imageFsInfo()),
})
