import type { core } from '../../api/generated/types/index.ts'
import { defined } from '../../base/defined.ts'
import type { Host } from '../../base/host.ts'
import type { FilesUsage, FsUsage } from '../eviction/pod-usage.ts'
import type { Machine } from '../node/machine.ts'
import { runningContainers } from '../pod/observed-pod.ts'
import type { PodWorker } from '../pod/pod-worker.ts'
import type { ContainerStats } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { CpuRates } from './cpu-rates.ts'
import type { ContainerSnapshot, Measured, NodeSnapshot, PodSnapshot } from './snapshot.ts'
import type { GroupUsage, UsageReader } from './usage.ts'

export interface StatsCollectorOptions {
  readonly host: Host
  readonly nodeName: string
  readonly machine: Machine
  readonly runtime: Pick<Runtime, 'listContainerStats' | 'imageFsInfo'>
  readonly usage: UsageReader
  readonly workers: () => readonly PodWorker[]
  readonly filesUsage: (pod: core.v1.Pod) => Promise<FilesUsage>
}

/** How long it counts what folders hold: walking them is dear (upstream's volumeStatsAggPeriod). */
const filesCountMs = 60_000

/** Looks at what a node and its pods use, when somebody asks and not before. */
export class StatsCollector {
  readonly #options: StatsCollectorOptions
  readonly #rates = new CpuRates()
  readonly #files = new Map<string, { readonly readMs: number; readonly usage: FilesUsage }>()
  #looking: Promise<unknown> = Promise.resolve()

  constructor(options: StatsCollectorOptions) {
    this.#options = options
  }

  /** `disks`: also what containers, logs, volumes and images take of them. One look at a time. */
  look(disks: boolean): Promise<NodeSnapshot> {
    const look = (): Promise<NodeSnapshot> => this.#look(disks)
    const looked = this.#looking.then(look, look)
    this.#looking = looked
    return looked
  }

  async #look(disks: boolean): Promise<NodeSnapshot> {
    const { host, nodeName, machine, runtime, usage, workers } = this.#options
    const [info, used, state, layers, images] = await Promise.all([
      machine.info(),
      usage.machine(),
      machine.state(),
      disks ? runtime.listContainerStats({}).catch(() => []) : [],
      disks ? this.#images() : undefined,
    ])
    const layerOf = new Map(layers.map((stats) => [stats.attributes?.id ?? '', layerUsage(stats)]))
    const nanoCores = this.#rates.of('/', used.group)
    const system = new Map([...used.system].map(([name, group]) => [name, this.#measured(`/${name}`, group)]))
    const pods: PodSnapshot[] = []
    for (const worker of workers()) {
      const pod = await this.#pod(worker, disks, layerOf)
      if (pod !== undefined) pods.push(pod)
    }
    this.#rates.settle()
    const uids = new Set(pods.map(({ pod }) => pod.metadata?.uid ?? ''))
    for (const uid of this.#files.keys()) if (!uids.has(uid)) this.#files.delete(uid)
    return {
      ...{ timeMs: host.now(), nodeName, info, machine: used, system, pods, state },
      ...defined({ nanoCores, images }),
    }
  }

  /** Undefined for a pod of which nothing runs. */
  async #pod(
    { pod, observed }: PodWorker,
    disks: boolean,
    layers: ReadonlyMap<string, FsUsage | undefined>,
  ): Promise<PodSnapshot | undefined> {
    const { usage } = this.#options
    const uid = pod.metadata?.uid ?? ''
    const sandbox = observed.sandboxes.find(({ state }) => state === 'SANDBOX_READY')
    if (sandbox === undefined) return undefined
    const running = runningContainers(observed)
    const containers: ContainerSnapshot[] = []
    for (const { id, name, image, startedAtMs } of running) {
      const used = await usage.container(pod, id)
      if (used === undefined) continue
      const rootfs = layers.get(id)
      const measured = this.#measured(id, used)
      const groupName = usage.groupName(pod, id)
      containers.push({
        ...{ id, name, image, startedMs: startedAtMs, groupName },
        ...measured,
        ...defined({ rootfs }),
      })
    }
    const ids = [sandbox.id, ...running.map(({ id }) => id)]
    const [group, interfaces, files] = await Promise.all([
      usage.pod(pod),
      usage.network(pod, ids),
      disks ? this.#filesOf(pod) : undefined,
    ])
    return {
      ...{ pod, startedMs: sandbox.createdAt / 1e6, groupName: usage.groupName(pod), interfaces, containers },
      ...defined({ group: group && this.#measured(`pod/${uid}`, group), files }),
    }
  }

  #measured(key: string, usage: GroupUsage): Measured {
    return { usage, ...defined({ nanoCores: this.#rates.of(key, usage) }) }
  }

  async #filesOf(pod: core.v1.Pod): Promise<FilesUsage | undefined> {
    const { host, filesUsage } = this.#options
    const uid = pod.metadata?.uid ?? ''
    const known = this.#files.get(uid)
    if (known !== undefined && host.monotonicMs() - known.readMs < filesCountMs) return known.usage
    const usage = await filesUsage(pod).catch(() => undefined)
    if (usage !== undefined) this.#files.set(uid, { readMs: host.monotonicMs(), usage })
    return usage
  }

  async #images(): Promise<FsUsage | undefined> {
    const [first] = await this.#options.runtime.imageFsInfo().catch(() => [])
    if (first === undefined) return undefined
    return { bytes: first.usedBytes?.value ?? 0, inodes: first.inodesUsed?.value ?? 0 }
  }
}

const layerUsage = ({ writableLayer }: ContainerStats): FsUsage | undefined =>
  writableLayer && {
    bytes: writableLayer.usedBytes?.value ?? 0,
    inodes: writableLayer.inodesUsed?.value ?? 0,
  }
