import type { core } from '../api/generated/types/index.ts'
import { PodAdmission } from './admission/pod-admission.ts'
import { SysctlRules } from './admission/sysctls.ts'
import { AllocationManager } from './allocation/allocation-manager.ts'
import { whyInfeasible } from './allocation/infeasible-resize.ts'
import { SavedGrants } from './allocation/saved-grants.ts'
import { EvictionManager } from './eviction/eviction-manager.ts'
import { ImageCollector } from './images/image-collector.ts'
import { ImagePuller } from './images/image-puller.ts'
import { PullRecords, usualVerification } from './images/pull-records.ts'
import type { KubeletOptions } from './kubelet-options.ts'
import { makePodContext } from './make-pod-context.ts'
import { PodMetrics } from './metrics/pod-metrics.ts'
import type { MachineInfo } from './node/machine.ts'
import { NodeAgent } from './node/node-agent.ts'
import type { NodeEvent } from './node/node-events.ts'
import { NodeLease } from './node/node-lease.ts'
import type { EventSink, PodContext } from './pod/pod-context.ts'
import type { PodWorker } from './pod/pod-worker.ts'
import { PodWorkers } from './pod/pod-workers.ts'
import { usualPinning } from './resources/pinning-settings.ts'
import { noManagers } from './resources/resource-managers.ts'
import { ShutdownManager } from './shutdown/shutdown-manager.ts'
import { MirrorPods } from './static/mirror-pods.ts'
import { PodFeed } from './static/pod-feed.ts'

/** An agent's parts, none of which has been started. */
export interface KubeletParts {
  readonly eviction: EvictionManager
  /** Absent where nobody says when the machine is switched off. */
  readonly shutdown: ShutdownManager | undefined
  readonly collector: ImageCollector
  readonly puller: ImagePuller
  readonly node: NodeAgent
  readonly lease: NodeLease
  readonly saved: SavedGrants
  readonly allocations: AllocationManager
  readonly context: PodContext
  readonly pods: PodFeed
  readonly workers: PodWorkers
}

/** What an agent has before it has parts. */
export interface KubeletGround {
  readonly events: EventSink
  readonly nodeEvent: NodeEvent
  readonly info: MachineInfo
}

/** What all parts are made from. */
interface Ground extends KubeletGround {
  readonly options: KubeletOptions
  readonly metrics: PodMetrics | undefined
  readonly records: PullRecords | undefined
  /** Parts that were made after those which ask for them. */
  readonly later: { node?: NodeAgent; workers?: PodWorkers }
  readonly ownNode: () => core.v1.Node | undefined
  readonly allWorkers: () => readonly PodWorker[]
}

/** Puts an agent's parts together, with what former agents have kept. */
export async function makeKubeletParts(
  options: KubeletOptions,
  { events, nodeEvent, info }: KubeletGround,
): Promise<KubeletParts> {
  const { host, runtime, settings } = options
  const later: Ground['later'] = {}
  const ground: Ground = {
    ...{ options, events, nodeEvent, info, later },
    metrics: options.metrics && new PodMetrics(options.metrics),
    records: await pullRecords(options),
    ownNode: () => later.node?.node,
    allWorkers: () => later.workers?.all() ?? [],
  }
  const eviction = makeEviction(ground)
  const shutdown = makeShutdown(ground)
  const collector = makeCollector(ground)
  const puller = makePuller(ground)
  const node = makeNode(ground, eviction, shutdown)
  later.node = node
  const lease = new NodeLease({
    ...{ client: options.client, host, logger: options.logger },
    ...{ nodeName: settings.nodeName, durationSeconds: settings.leaseSeconds },
    node: ground.ownNode,
  })
  const saved = new SavedGrants(options.grants)
  await saved.load()
  const { admission, allocations } = makeAdmission(ground, saved, eviction, shutdown)
  const context = makePodContext(options, {
    ...{ events, info, node, allocations, records: ground.records, metrics: ground.metrics },
    runtimeName: (await runtime.version()).runtimeName,
  })
  const { pods, workers } = makeWorkers(ground, context, admission)
  later.workers = workers
  return { eviction, shutdown, collector, puller, node, lease, saved, allocations, context, pods, workers }
}

/** Undefined where the operator has images used by whoever names them. */
async function pullRecords({ host, settings, pullRecords: store }: KubeletOptions) {
  const { pullVerification = usualVerification } = settings
  if (pullVerification === 'none') return undefined
  const records = new PullRecords(store, pullVerification, () => host.now())
  await records.load()
  return records
}

function makeEviction({ options, events, nodeEvent, info, later, allWorkers }: Ground): EvictionManager {
  const { host, logger, runtime, machine, metrics, settings, files, usage } = options
  return new EvictionManager({
    ...{ host, logger, events, nodeEvent, runtime, machine, metrics },
    ...{ settings: settings.eviction, keptImages: settings.keptImages, memoryBytes: info.memoryBytes },
    workers: allWorkers,
    filesUsage: (pod) => files.usage(pod),
    processesOf: async (pod) => (await usage.pod(pod))?.processes ?? 0,
    onChange: () => later.node?.lookNow(),
  })
}

function makeShutdown({ options, nodeEvent, later, allWorkers }: Ground): ShutdownManager | undefined {
  const { host, logger, metrics, shutdown } = options
  return (
    shutdown &&
    new ShutdownManager({
      ...{ host, logger, nodeEvent, metrics, ...shutdown },
      workers: allWorkers,
      onChange: () => later.node?.lookNow(),
    })
  )
}

function makeCollector({ options, nodeEvent, metrics, records }: Ground): ImageCollector {
  const { host, logger, runtime, machine, settings } = options
  return new ImageCollector({
    ...{ host, logger, nodeEvent, runtime, metrics, keptImages: settings.keptImages },
    policy: settings.imagePolicy,
    disk: async () => {
      const { imageFs, nodeFs } = await machine.state()
      return imageFs ?? nodeFs
    },
    onPresent: (ids, atMs) => records?.keepOnly(ids, atMs) ?? Promise.resolve(),
  })
}

const makePuller = ({ options, nodeEvent, records }: Ground): ImagePuller =>
  new ImagePuller({
    ...{ host: options.host, runtime: options.runtime, nodeEvent, records },
    nodeCredentials: options.nodeCredentials,
  })

function makeNode(
  { options, nodeEvent, later }: Ground,
  eviction: EvictionManager,
  shutdown: ShutdownManager | undefined,
): NodeAgent {
  const { client, host, logger, runtime, machine, settings, managers = noManagers } = options
  return new NodeAgent({
    ...{ client, host, logger, nodeEvent, runtime, machine, settings },
    onNetworkChange: () => later.workers?.wakeAll(),
    pressing: () => eviction.conditions,
    extended: () => managers.amounts(),
    shutdownError: () => shutdown?.error,
  })
}

/** Who may begin here, and with what. */
function makeAdmission(
  { options, events, info, later, ownNode, allWorkers }: Ground,
  saved: SavedGrants,
  eviction: EvictionManager,
  shutdown: ShutdownManager | undefined,
): { readonly admission: PodAdmission; readonly allocations: AllocationManager } {
  const { host, logger, settings, managers = noManagers } = options
  const admission = new PodAdmission({
    node: ownNode,
    managers,
    sysctls: new SysctlRules(info.kernelVersion, settings.allowedUnsafeSysctls ?? []),
    appArmor: info.appArmor,
    whyNotNow: (pod) => eviction.admit(pod) ?? shutdown?.admit(),
    granted: (besides) =>
      // As for the scheduler, a pod's place is free as soon as it has ended, or the API does not have it any more.
      allWorkers()
        .filter(({ pod, hasEnded, isGone }) => pod.metadata?.uid !== besides && !hasEnded && !isGone)
        .map(({ pod }) => allocations.granted(pod)),
  })
  const allocations = new AllocationManager({
    ...{ host, logger, events, saved, metrics: options.metrics },
    admit: (pod) => admission.admit(pod),
    infeasible: (wanted, granted) => whyInfeasible(wanted, granted, settings.pinning ?? usualPinning),
    onChange: (podUid) => later.workers?.get(podUid)?.regranted(),
  })
  return { admission, allocations }
}

function makeWorkers(
  { options, events, ownNode }: Ground,
  context: PodContext,
  admission: PodAdmission,
): { readonly pods: PodFeed; readonly workers: PodWorkers } {
  const { client, host, logger, objects, certificates } = options
  const mirrors = new MirrorPods({
    ...{ client, host, logger },
    node: ownNode,
    onMirror: (uid, mirror) => context.statuses.mirrored(uid, mirror),
  })
  const pods = new PodFeed({ api: options.pods, sources: options.manifests ?? [], mirrors })
  const workers = new PodWorkers({
    context,
    pods,
    admit: (pod) => admission.admitNew(pod),
    hold: (pod, onChange) => {
      objects.hold(pod, onChange)
      certificates?.hold(pod, events, onChange)
    },
    release: (uid) => {
      objects.release(uid)
      certificates?.release(uid)
    },
    onCleared: (uid) => pods.cleared(uid),
  })
  return { pods, workers }
}
