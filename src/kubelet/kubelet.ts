import type { core } from '../api/generated/types/index.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { PodAdmission } from './admission/pod-admission.ts'
import { SysctlRules } from './admission/sysctls.ts'
import { AllocationManager } from './allocation/allocation-manager.ts'
import { whyInfeasible } from './allocation/infeasible-resize.ts'
import { SavedGrants } from './allocation/saved-grants.ts'
import { EvictionManager } from './eviction/eviction-manager.ts'
import { watchOomKills } from './eviction/watch-oom-kills.ts'
import { ImageCollector } from './images/image-collector.ts'
import { PullRecords, usualVerification } from './images/pull-records.ts'
import { KubeletApi } from './kubelet-api.ts'
import { healthChecks } from './kubelet-health.ts'
import type { KubeletOptions } from './kubelet-options.ts'
import { makePodContext } from './make-pod-context.ts'
import { registerKubeletMetrics } from './metrics/pod-gauges.ts'
import { PodMetrics } from './metrics/pod-metrics.ts'
import { StartupMetrics } from './metrics/startup-metrics.ts'
import { setUpGroups } from './node/allocatable/set-up-groups.ts'
import { NodeAgent } from './node/node-agent.ts'
import { NodeLease } from './node/node-lease.ts'
import { removeOrphans } from './pod/actions/remove-orphans.ts'
import type { EventSink } from './pod/pod-context.ts'
import { PodWorkers } from './pod/pod-workers.ts'
import { usualPinning } from './resources/pinning-settings.ts'
import { noManagers } from './resources/resource-managers.ts'
import { ShutdownManager } from './shutdown/shutdown-manager.ts'
import { MirrorPods } from './static/mirror-pods.ts'
import { PodFeed } from './static/pod-feed.ts'
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
  const { client, host, logger, runtime, settings, objects, managers = noManagers } = options
  const recorder = new EventRecorder({
    client,
    host,
    logger,
    component: 'kubelet',
    node: settings.nodeName,
  })
  const events = podEvents(recorder)
  const metrics = options.metrics && new PodMetrics(options.metrics)
  const startup =
    options.metrics && options.bootMs !== undefined
      ? new StartupMetrics(options.metrics, options.bootMs, host.now())
      : undefined
  const [info, version] = await Promise.all([options.machine.info(), runtime.version()])
  const started: { workers?: PodWorkers } = {}
  const eviction = new EvictionManager({
    ...{ host, logger, events, runtime, machine: options.machine, metrics: options.metrics },
    ...{ settings: settings.eviction, keptImages: settings.keptImages, memoryBytes: info.memoryBytes },
    node: () => node.node,
    workers: () => started.workers?.all() ?? [],
    filesUsage: (pod) => options.files.usage(pod),
    processesOf: async (pod) => (await options.usage.pod(pod))?.processes ?? 0,
    onChange: () => node.lookNow(),
  })
  const records = await pullRecords(options)
  const shutdown =
    options.shutdown &&
    new ShutdownManager({
      ...{ host, logger, events, metrics: options.metrics, ...options.shutdown },
      node: () => node.node,
      workers: () => started.workers?.all() ?? [],
      onChange: () => node.lookNow(),
    })
  const collector = new ImageCollector({
    ...{ host, logger, events, runtime, metrics, keptImages: settings.keptImages },
    policy: settings.imagePolicy,
    disk: async () => {
      const { imageFs, nodeFs } = await options.machine.state()
      return imageFs ?? nodeFs
    },
    node: () => node.node,
    onPresent: (ids, atMs) => records?.keepOnly(ids, atMs) ?? Promise.resolve(),
  })
  const node = new NodeAgent({
    client,
    host,
    logger,
    events,
    runtime,
    machine: options.machine,
    settings,
    onNetworkChange: () => started.workers?.wakeAll(),
    pressing: () => eviction.conditions,
    extended: () => managers.amounts(),
    shutdownError: () => shutdown?.error,
  })
  const lease = new NodeLease({
    ...{ client, host, logger, nodeName: settings.nodeName, durationSeconds: settings.leaseSeconds },
    node: () => node.node,
  })
  const admission = new PodAdmission({
    node: () => node.node,
    managers,
    sysctls: new SysctlRules(info.kernelVersion, settings.allowedUnsafeSysctls ?? []),
    appArmor: info.appArmor,
    whyNotNow: (pod) => eviction.admit(pod) ?? shutdown?.admit(),
    granted: (besides) =>
      // As for the scheduler, a pod's place is free as soon as it has ended, or the API does not have it any more.
      (started.workers?.all() ?? [])
        .filter(({ pod, hasEnded, isGone }) => pod.metadata?.uid !== besides && !hasEnded && !isGone)
        .map(({ pod }) => allocations.granted(pod)),
  })
  const saved = new SavedGrants(options.grants)
  await saved.load()
  const allocations = new AllocationManager({
    ...{ host, logger, events, saved },
    admit: (pod) => admission.admit(pod),
    infeasible: (wanted, granted) => whyInfeasible(wanted, granted, settings.pinning ?? usualPinning),
    onChange: (podUid) => started.workers?.get(podUid)?.regranted(),
  })
  const context = makePodContext(options, {
    ...{ events, info, runtimeName: version.runtimeName, node, allocations, records, metrics },
  })
  const mirrors = new MirrorPods({
    ...{ client, host, logger },
    node: () => node.node,
    onMirror: (uid, mirror) => context.statuses.mirrored(uid, mirror),
  })
  const pods = new PodFeed({ api: options.pods, sources: options.manifests ?? [], mirrors })
  const workers = new PodWorkers({
    context,
    pods,
    admit: (pod) => admission.admitNew(pod),
    hold: (pod, onChange) => {
      objects.hold(pod, onChange)
      options.certificates?.hold(pod, events, onChange)
    },
    release: (uid) => {
      objects.release(uid)
      options.certificates?.release(uid)
    },
    onCleared: (uid) => pods.cleared(uid),
  })
  started.workers = workers
  if (options.metrics !== undefined) registerKubeletMetrics(options.metrics, settings.nodeName, workers)
  const ending = new AbortController()
  await setUpGroups({ ...{ host, settings, events, info }, cgroups: options.cgroups, signal: ending.signal })
  workers
    .start()
    .then(async () => {
      const uids = new Set(workers.all().map(({ pod }) => pod.metadata?.uid ?? ''))
      managers.keepOnly(uids)
      await saved.keepOnly(uids)
      await removeOrphans(context, (uid) => workers.get(uid) !== undefined)
    })
    .catch((error: unknown) => logger.error('the pods could not be started', { error }))
  startup?.registering(host.now())
  await node.start()
  startup?.registered(host.now())
  const removeNodeHandler = options.nodes.onChange((object) => {
    if (object === undefined) return
    node.see(object)
    if (isReady(object)) startup?.ready(host.now())
  })
  const removeManagersHandler = managers.onChange(() => {
    node.lookNow()
    for (const worker of workers.all()) worker.refreshStatus()
  })
  lease.start()
  eviction.start()
  shutdown?.start()
  const endOomWatch = await watchOomKills({
    kernelLog: options.kernelLog,
    logger,
    events,
    node: () => node.node,
  })
  pods.open()
  collector.start()
  return {
    nodeName: settings.nodeName,
    api: new KubeletApi({
      ...{ context, workers, logs: options.logs },
      checks: healthChecks(node, host),
      stats: new StatsCollector({
        ...{ host, nodeName: settings.nodeName, machine: options.machine, runtime, usage: options.usage },
        workers: () => workers.all(),
        filesUsage: (pod) => options.files.usage(pod),
      }),
    }),
    node: () => node.node,
    stop: async () => {
      removeNodeHandler()
      removeManagersHandler()
      ending.abort()
      workers.stop()
      allocations.stop()
      for (const worker of workers.all()) context.probes.remove(worker.pod.metadata?.uid ?? '')
      context.statuses.stop()
      await Promise.all([
        eviction.stop(),
        collector.stop(),
        shutdown?.stop(),
        endOomWatch(),
        node.stop(),
        lease.stop(),
        recorder.stop(),
      ])
    },
  }
}

const isReady = ({ status }: Node): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True')

/** Undefined where the operator has images used by whoever names them. */
async function pullRecords({ host, settings, pullRecords: store }: KubeletOptions) {
  const { pullVerification = usualVerification } = settings
  if (pullVerification === 'none') return undefined
  const records = new PullRecords(store, pullVerification, () => host.now())
  await records.load()
  return records
}

/** Objects from a list do not say what they are; Events must. */
function podEvents(recorder: EventRecorder): EventSink {
  const named = (object: KubernetesObject): KubernetesObject =>
    object.kind === undefined ? { ...object, apiVersion: 'v1', kind: 'Pod' } : object
  return {
    event: (object, type, reason, message, fieldPath) =>
      recorder.event(named(object), type, reason, message, fieldPath),
  }
}
