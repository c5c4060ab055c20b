import type { core } from '../api/generated/types/index.ts'
import { RuntimeClass } from '../api/node/runtime-class/kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import type { Informer } from '../client/informer.ts'
import { admitPod, type Rejection } from './admission/admit-pod.ts'
import { admitAppArmor } from './admission/app-armor.ts'
import { SysctlRules } from './admission/sysctls.ts'
import { AllocationManager } from './allocation/allocation-manager.ts'
import { SavedGrants } from './allocation/saved-grants.ts'
import { serviceVariables } from './environment/service-variables.ts'
import { EvictionManager } from './eviction/eviction-manager.ts'
import { type KernelLog, watchOomKills } from './eviction/watch-oom-kills.ts'
import { ImageCollector } from './images/image-collector.ts'
import { ImageManager } from './images/image-manager.ts'
import type { CredentialEntry } from './images/pull-credentials.ts'
import { PullRecords, type RecordStore, usualVerification } from './images/pull-records.ts'
import { KubeletApi } from './kubelet-api.ts'
import { healthChecks } from './kubelet-health.ts'
import { registerKubeletMetrics } from './kubelet-metrics.ts'
import type { LogReader } from './logs/log-options.ts'
import { enforceAllocatable } from './node/allocatable/enforce-allocatable.ts'
import { whyNotReserved } from './node/allocatable/node-allocatable.ts'
import { noReservations } from './node/allocatable/reservations.ts'
import { machineCapacity } from './node/capacity.ts'
import type { Machine, MachineInfo } from './node/machine.ts'
import { machineLimits } from './node/machine-limits.ts'
import { NodeAgent } from './node/node-agent.ts'
import { NodeLease } from './node/node-lease.ts'
import { evictionReservation, type NodeSettings } from './node/node-object.ts'
import { removeOrphans } from './pod/actions/remove-orphans.ts'
import type { ProbeKind } from './pod/plan/plan.ts'
import type { EventSink, PodCgroups, PodContext, PodFiles, PodNetwork } from './pod/pod-context.ts'
import type { PodTuning } from './pod/pod-tuning.ts'
import { PodWorkers } from './pod/pod-workers.ts'
import type { ClusterDns } from './pod/runtime-config/pod-network-identity.ts'
import { UserNamespaces } from './pod/runtime-config/user-namespaces.ts'
import { StatusWriter } from './pod/status/status-writer.ts'
import type { PodCertificates } from './pod-certificates/pod-certificates.ts'
import { ProbeManager } from './probes/probe-manager.ts'
import type { ProbeOutcome } from './probes/run-probe.ts'
import { noManagers, type ResourceManagers } from './resources/resource-managers.ts'
import type { Runtime } from './runtime/runtime.ts'
import { ShutdownManager, type ShutdownManagerOptions } from './shutdown/shutdown-manager.ts'
import type { Feed } from './sources/feed.ts'
import type { WatchedObjects } from './sources/referenced-objects.ts'
import type { StateStore } from './state/state-store.ts'
import { MirrorPods } from './static/mirror-pods.ts'
import { type ManifestSource, PodFeed } from './static/pod-feed.ts'
import { StatsCollector } from './stats/stats-collector.ts'
import type { UsageReader } from './stats/usage.ts'

type Node = core.v1.Node
type Pod = core.v1.Pod

export interface KubeletSettings extends NodeSettings, PodTuning {
  readonly dns: ClusterDns
  /** Where seccomp profiles of type Localhost live. */
  readonly seccompRoot: string
  /** One image pull at a time, as upstream's default. */
  readonly serialPulls: boolean
  /** Images that are never removed for want of disk. */
  readonly keptImages: readonly string[]
}

/** When pods end before the machine does. */
export type ShutdownSettings = Pick<ShutdownManagerOptions, 'periods' | 'signal'>

export interface KubeletOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  /** Where the agent shows what it does; nowhere when absent. */
  readonly metrics?: Metrics
  readonly settings: KubeletSettings
  readonly runtime: Runtime
  readonly machine: Machine
  readonly files: PodFiles
  readonly cgroups: PodCgroups
  /** Where it is kept what resized pods were granted; as long as the agent lives when absent. */
  readonly grants?: StateStore
  /** Where it is kept with what images were pulled; as long as the agent lives when absent. */
  readonly pullRecords?: RecordStore
  /** What the node itself logs in to an image's registry with. */
  readonly nodeCredentials?: (image: string) => Promise<readonly CredentialEntry[]>
  /** What single containers are given of the machine; nothing when absent. */
  readonly managers?: ResourceManagers
  readonly network: PodNetwork
  readonly logs: LogReader
  /** Where the figures of its statistics come from. */
  readonly usage: UsageReader
  /** The pods that are bound to this node. */
  readonly pods: Feed<Pod>
  /** Pods that the node has from elsewhere, and runs without an API server, too. */
  readonly manifests?: readonly ManifestSource[]
  readonly kernelLog?: KernelLog
  /** Absent: its pods are not ended before the machine is switched off. */
  readonly shutdown?: ShutdownSettings
  /** This node alone. */
  readonly nodes: Feed<Node>
  readonly services: Informer<core.v1.Service>
  readonly objects: WatchedObjects
  /** Gets what pods' volumes show of certificates, where there are real volumes. */
  readonly certificates?: PodCertificates
  readonly simulateProbe?: (kind: ProbeKind, containerId: string) => ProbeOutcome | undefined
}

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
  const { client, host, logger, runtime, settings, objects } = options
  const recorder = new EventRecorder({
    client,
    host,
    logger,
    component: 'kubelet',
    node: settings.nodeName,
  })
  const events = podEvents(recorder)
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
    ...{ host, logger, events, runtime, keptImages: settings.keptImages, policy: settings.imagePolicy },
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
  const sysctls = new SysctlRules(info.kernelVersion, settings.allowedUnsafeSysctls ?? [])
  const { managers = noManagers } = options
  const fits = (pod: Pod): Rejection | undefined => {
    // As for the scheduler, a pod's place is free as soon as it has ended, or the API does not have it any more.
    const others = (started.workers?.all() ?? []).filter(
      (worker) => worker.pod.metadata?.uid !== pod.metadata?.uid && !worker.hasEnded && !worker.isGone,
    )
    if (node.node === undefined) return undefined
    const pods = others.map((worker) => allocations.granted(worker.pod))
    const { status } = node.node
    const allocatable = managers.allocatableFor(pod, status?.allocatable ?? {})
    const withGiven = { ...node.node, status: { ...status, allocatable } }
    return admitPod(pod, withGiven, pods) ?? admitAppArmor(pod, info.appArmor)
  }
  const mayRun = (pod: Pod): Rejection | undefined =>
    eviction.admit(pod) ?? shutdown?.admit() ?? sysctls.admit(pod)
  const admit = (pod: Pod): Rejection | undefined => mayRun(pod) ?? fits(pod)
  const admitNew = (pod: Pod): Rejection | undefined | Promise<Rejection | undefined> => {
    const given = mayRun(pod) ?? managers.admit(pod)
    return given instanceof Promise ? given.then((refused) => refused ?? fits(pod)) : (given ?? fits(pod))
  }
  const saved = new SavedGrants(options.grants)
  await saved.load()
  const allocations = new AllocationManager({
    ...{ host, logger, events, saved, admit },
    onChange: (podUid) => started.workers?.get(podUid)?.regranted(),
  })
  const context = makeContext(options, {
    ...{ events, info, runtimeName: version.runtimeName, node, allocations, records },
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
    admit: admitNew,
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
  await setUpGroups(options, info, events, ending.signal)
  workers
    .start()
    .then(async () => {
      const uids = new Set(workers.all().map(({ pod }) => pod.metadata?.uid ?? ''))
      managers.keepOnly(uids)
      await saved.keepOnly(uids)
      await removeOrphans(context, (uid) => workers.get(uid) !== undefined)
    })
    .catch((error: unknown) => logger.error('the pods could not be started', { error }))
  await node.start()
  const removeNodeHandler = options.nodes.onChange((object) => {
    if (object !== undefined) node.see(object)
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

/** Undefined where the operator has images used by whoever names them. */
async function pullRecords({ host, settings, pullRecords: store }: KubeletOptions) {
  const { pullVerification = usualVerification } = settings
  if (pullVerification === 'none') return undefined
  const records = new PullRecords(store, pullVerification, () => host.now())
  await records.load()
  return records
}

/** Makes the groups that pods stand in. Rejects where the configuration keeps more than there is. */
async function setUpGroups(
  { host, settings, cgroups }: KubeletOptions,
  info: MachineInfo,
  events: EventSink,
  signal: AbortSignal,
): Promise<void> {
  const { nodeName, reservations = noReservations } = settings
  const own = machineCapacity(info)
  const why = whyNotReserved(own, reservations.system, reservations.kube, evictionReservation(settings, own))
  if (why !== undefined) throw new Error(why)
  const capacity = info.maxPids === 0 ? own : { ...own, pid: String(info.maxPids) }
  const machine = machineLimits(info, settings)
  await enforceAllocatable({ host, events, cgroups, nodeName, reservations, capacity, machine, signal })
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

interface ContextParts {
  readonly events: EventSink
  readonly info: MachineInfo
  readonly runtimeName: string
  readonly node: NodeAgent
  readonly allocations: AllocationManager
  readonly records: PullRecords | undefined
}

function makeContext(options: KubeletOptions, parts: ContextParts): PodContext {
  const { events, info, runtimeName, node, allocations, records } = parts
  const { client, host, logger, runtime, settings, network, services } = options
  const agentStartMs = host.now()
  const machine = machineLimits(info, settings)
  return {
    host,
    logger,
    events,
    runtime,
    runtimeName,
    files: options.files,
    cgroups: options.cgroups,
    network,
    objects: options.objects,
    images: new ImageManager({
      ...{ host, runtime, records, nodeCredentials: options.nodeCredentials },
      maxParallelPulls: settings.serialPulls ? 1 : (settings.maxParallelPulls ?? Number.POSITIVE_INFINITY),
    }),
    probes: new ProbeManager({
      host,
      runtime,
      network,
      events,
      agentStartMs,
      simulate: options.simulateProbe,
    }),
    statuses: new StatusWriter({ host, logger, client }),
    allocations,
    managers: options.managers ?? noManagers,
    userNamespaces: new UserNamespaces(runtime, settings.maxPods),
    facts: () => ({
      nodeName: settings.nodeName,
      nodeIps: info.addresses,
      allocatable: node.node?.status?.allocatable ?? {},
      security: { seccompRoot: settings.seccompRoot, seccompDefault: settings.seccompDefault ?? false },
      machine,
      dns: settings.dns,
      runtime: node.runtimeStatus,
    }),
    serviceVariables: async (namespace, enableServiceLinks, isStatic) => {
      if (!services.synced && !isStatic) await services.whenSynced()
      const { lister } = services
      const own = enableServiceLinks && namespace !== 'default' ? lister.list(namespace) : []
      return serviceVariables([...lister.list('default'), ...own], namespace, enableServiceLinks)
    },
    networkError: () => node.networkError,
    runtimeHandler: async (name) => (await client.resource(RuntimeClass).get('', name)).handler,
    agentStartMs,
    crashLoop: settings.crashLoop,
  }
}
