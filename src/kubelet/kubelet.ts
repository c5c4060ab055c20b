import type { core } from '../api/generated/types/index.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { watchOomKills } from './eviction/watch-oom-kills.ts'
import { KubeletApi } from './kubelet-api.ts'
import { healthChecks } from './kubelet-health.ts'
import type { KubeletOptions } from './kubelet-options.ts'
import { type KubeletParts, makeKubeletParts } from './make-kubelet-parts.ts'
import { registerKubeletMetrics } from './metrics/pod-gauges.ts'
import { StartupMetrics } from './metrics/startup-metrics.ts'
import { setUpGroups } from './node/allocatable/set-up-groups.ts'
import { nodeEvents } from './node/node-events.ts'
import { removeOrphans } from './pod/actions/remove-orphans.ts'
import type { EventSink } from './pod/pod-context.ts'
import { noManagers } from './resources/resource-managers.ts'
import { StatsCollector } from './stats/stats-collector.ts'

type Node = core.v1.Node

/** A running node agent. */
export interface Kubelet {
  readonly nodeName: string
  /** What the API server asks of it: logs, exec, attach, port-forward, its pods. */
  readonly api: KubeletApi
  /** Its node as last written or seen. */
  readonly node: () => Node | undefined
  /** Ends the agent. Pods run on; what it was given is its owner's to dispose of. */
  stop(): Promise<void>
}

/** Starts a node agent; resolves when its node is registered. The same on a real machine and in the simulation. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { host, settings, managers = noManagers } = options
  const recorder = nodeRecorder(options)
  const events = podEvents(recorder)
  const startup =
    options.metrics && options.bootMs !== undefined
      ? new StartupMetrics(options.metrics, options.bootMs, host.now())
      : undefined
  const info = await options.machine.info()
  const nodeEvent = nodeEvents(events, settings.nodeName)
  const parts = await makeKubeletParts(options, { events, nodeEvent, info })
  const { eviction, shutdown, collector, puller, node, lease, pods, workers } = parts
  if (options.metrics !== undefined) registerKubeletMetrics(options.metrics, settings.nodeName, workers)
  const ending = new AbortController()
  nodeEvent('Normal', 'Starting', 'Starting kubelet.')
  if (!info.cgroupV2) nodeEvent('Warning', 'CgroupV1', cgroupV1Warning)
  await setUpGroups({
    ...{ host, settings, nodeEvent, info },
    cgroups: options.cgroups,
    signal: ending.signal,
  })
  void startWorkers(options, parts)
  startup?.registering(host.now())
  await node.start()
  startup?.registered(host.now())
  const removeNodeHandler = options.nodes.onChange((object) => {
    if (object === undefined) return
    node.see(object)
    puller.see(object)
    if (isReady(object)) startup?.ready(host.now())
  })
  const removeManagersHandler = managers.onChange(() => {
    node.lookNow()
    for (const worker of workers.all()) worker.refreshStatus()
  })
  lease.start()
  eviction.start()
  shutdown?.start()
  const { kernelLog, logger } = options
  const endOomWatch = await watchOomKills({ kernelLog, logger, nodeEvent })
  pods.open()
  collector.start()
  return {
    nodeName: settings.nodeName,
    api: makeApi(options, parts),
    node: () => node.node,
    stop: async () => {
      removeNodeHandler()
      removeManagersHandler()
      ending.abort()
      await stopParts(parts)
      await Promise.all([endOomWatch(), recorder.stop()])
    },
  }
}

/** Pods go on or begin; what is left of pods that nobody knows goes. */
async function startWorkers(
  { logger, managers = noManagers }: KubeletOptions,
  { workers, saved, context }: KubeletParts,
): Promise<void> {
  try {
    await workers.start()
    const uids = new Set(workers.all().map(({ pod }) => pod.metadata?.uid ?? ''))
    managers.keepOnly(uids)
    await saved.keepOnly(uids)
    await removeOrphans(context, (uid) => workers.get(uid) !== undefined)
  } catch (error) {
    logger.error('the pods could not be started', { error })
  }
}

function makeApi(options: KubeletOptions, { context, workers, node }: KubeletParts): KubeletApi {
  const { host, logs, machine, runtime, settings, usage, files } = options
  return new KubeletApi({
    ...{ context, workers, logs },
    checks: healthChecks(node, host),
    stats: new StatsCollector({
      ...{ host, nodeName: settings.nodeName, machine, runtime, usage },
      workers: () => workers.all(),
      filesUsage: (pod) => files.usage(pod),
    }),
  })
}

async function stopParts(parts: KubeletParts): Promise<void> {
  const { eviction, shutdown, collector, puller, node, lease, allocations, context, workers } = parts
  workers.stop()
  allocations.stop()
  for (const worker of workers.all()) context.probes.remove(worker.pod.metadata?.uid ?? '')
  context.statuses.stop()
  await Promise.all([
    eviction.stop(),
    collector.stop(),
    puller.stop(),
    shutdown?.stop(),
    node.stop(),
    lease.stop(),
  ])
}

/** Upstream's. */
const cgroupV1Warning =
  'cgroup v1 detected. cgroup v1 support is deprecated and will be removed in a future release. Please migrate to cgroup v2. More information at https://git.k8s.io/enhancements/keps/sig-node/5573-remove-cgroup-v1'

const isReady = ({ status }: Node): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True')

const nodeRecorder = ({ client, host, logger, settings }: KubeletOptions): EventRecorder =>
  new EventRecorder({ ...{ client, host, logger, component: 'kubelet' }, node: settings.nodeName })

/** Objects from a list do not say what they are; Events must. */
function podEvents(recorder: EventRecorder): EventSink {
  const named = (object: KubernetesObject): KubernetesObject =>
    object.kind === undefined ? { ...object, apiVersion: 'v1', kind: 'Pod' } : object
  return {
    event: (object, type, reason, message, fieldPath) =>
      recorder.event(named(object), type, reason, message, fieldPath),
  }
}
