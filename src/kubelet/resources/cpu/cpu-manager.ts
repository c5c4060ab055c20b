import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import { initAndMainContainers } from '../../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { StateStore } from '../../state/state-store.ts'
import { StateWriter } from '../../state/state-writer.ts'
import { restored } from '../restored-state.ts'
import {
  AdmissionError,
  type AffinityStore,
  type HintProvider,
  type ResourceHints,
} from '../topology/hint.ts'
import type { NumaMask } from '../topology/numa-mask.ts'
import { nodesOf } from '../topology/numa-mask.ts'
import { checkedCpuState } from './check-state.ts'
import { type CpuState, cpuCheckpoint, emptyCpuState, parseCpuCheckpoint } from './cpu-checkpoint.ts'
import { exclusiveCpus, podExclusiveCpus } from './cpu-demand.ts'
import { cpuHints } from './cpu-hints.ts'
import { type CpuMetrics, noCpuMetrics } from './cpu-metrics.ts'
import { type CpuSet, noCpus } from './cpu-set.ts'
import { type CpuTopology, cpusIn, idsIn } from './cpu-topology.ts'
import type { CpuOptions, CpuPolicy } from './policy-options.ts'
import { takeCpus } from './take-by-options.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

export interface CpuManagerOptions {
  readonly topology: CpuTopology
  readonly policy: CpuPolicy
  readonly options: CpuOptions
  /** Nobody has these for himself. */
  readonly reserved: CpuSet
  readonly affinity: AffinityStore
  readonly logger: Logger
  readonly metrics?: CpuMetrics
  /** Where it is kept who has what. */
  readonly store?: StateStore
}

const uidOf = (pod: Pod): string => pod.metadata?.uid ?? ''

/** Which containers have processors for themselves, by upstream's static policy; nobody has by the policy `none`. */
export class CpuManager implements HintProvider {
  readonly #options: CpuManagerOptions
  readonly #metrics: CpuMetrics
  readonly #writer: StateWriter
  #shared: CpuSet = noCpus
  readonly #assigned = new Map<string, Map<string, CpuSet>>()
  /** What init containers of the pod that is being admitted leave to those after them. */
  #reusable: { readonly podUid: string; readonly cpus: CpuSet } = { podUid: '', cpus: noCpus }

  constructor(options: CpuManagerOptions) {
    this.#options = options
    this.#metrics = options.metrics ?? noCpuMetrics
    this.#writer = new StateWriter(options.store, () => cpuCheckpoint(options.policy, this.#state))
  }

  /**
   * Takes up what the last agent left. Rejects in upstream's words: with RestoreError for what cannot be read,
   * with an Error for what is not for this machine and configuration any more.
   */
  async load(): Promise<void> {
    const { policy, topology, options, reserved, store } = this.#options
    const text = await store?.load()
    const saved = restored(text, emptyCpuState, (each) => parseCpuCheckpoint(each, policy))
    const strict = options.has('strict-cpu-reservation')
    const { shared, assigned } =
      policy === 'none' ? saved : checkedCpuState(saved, { cpus: topology.cpus, reserved, strict })
    this.#shared = shared
    for (const [uid, containers] of assigned) this.#assigned.set(uid, new Map(containers))
    this.#countPools()
    await this.#writer.write()
  }

  /** Those that containers may have for themselves. */
  get allocatable(): CpuSet {
    const { policy, topology, reserved } = this.#options
    return policy === 'none' ? noCpus : topology.cpus.difference(reserved)
  }

  get isStatic(): boolean {
    return this.#options.policy === 'static'
  }

  /** What a container has for itself; undefined: nothing. */
  exclusive(podUid: string, container: string): CpuSet | undefined {
    return this.#assigned.get(podUid)?.get(container)
  }

  hasExclusive(podUid: string): boolean {
    return this.#assigned.has(podUid)
  }

  /** What a container runs on: its own, or what all share; none: it is not held to any. */
  cpusOf(podUid: string, container: string): CpuSet {
    return this.exclusive(podUid, container) ?? this.#shared
  }

  hints(pod: Pod, container: Container): ResourceHints {
    const count = this.#demand(exclusiveCpus(pod, container))
    if (count === 0) return new Map()
    const own = this.exclusive(uidOf(pod), container.name)
    if (own === undefined) return this.#hints(this.#available, this.#reusableOf(pod), count)
    return own.size === count ? this.#hints(own, noCpus, count) : new Map([['cpu', []]])
  }

  podHints(pod: Pod): ResourceHints {
    const count = this.#demand(podExclusiveCpus(pod))
    if (count === 0) return new Map()
    let assigned: CpuSet = noCpus
    for (const container of initAndMainContainers(pod.spec)) {
      const own = this.exclusive(uidOf(pod), container.name)
      if (own === undefined) continue
      if (own.size !== exclusiveCpus(pod, container)) return new Map([['cpu', []]])
      assigned = assigned.union(own)
    }
    if (assigned.size === count) return this.#hints(assigned, noCpus, count)
    return this.#hints(this.#available, this.#reusableOf(pod).union(assigned), count)
  }

  async allocate(pod: Pod, container: Container): Promise<void> {
    const count = this.#demand(exclusiveCpus(pod, container))
    if (count === 0) return
    const wholeCores = this.#options.options.has('full-pcpus-only')
    this.#metrics.requested()
    try {
      const own = this.exclusive(uidOf(pod), container.name)
      // What it has, it keeps, also where nothing more is to be had.
      const cpus = own ?? this.#give(pod, container, count)
      this.#leave(pod, container, cpus)
      const caches = new Set([...cpus].map((cpu) => this.#options.topology.places.get(cpu)?.cache))
      this.#metrics.given({ wholeCores, oneCache: own === undefined && caches.size === 1 })
      if (own === undefined) await this.#writer.write()
    } catch (error) {
      this.#metrics.failed(wholeCores)
      throw error
    }
  }

  /** What a pod had is everybody's. */
  release(podUid: string): void {
    const own = this.#assigned.get(podUid)
    if (own === undefined) return
    this.#assigned.delete(podUid)
    for (const cpus of own.values()) this.#shared = this.#shared.union(cpus)
    this.#countPools()
    this.#writer.write().catch((error: unknown) => {
      this.#options.logger.error('which containers have which processors could not be saved', {
        error: messageOf(error),
      })
    })
  }

  keepOnly(podUids: ReadonlySet<string>): void {
    for (const uid of [...this.#assigned.keys()]) if (!podUids.has(uid)) this.release(uid)
  }

  get #state(): CpuState {
    return { shared: this.#shared, assigned: this.#assigned }
  }

  get #available(): CpuSet {
    return this.#shared.difference(this.#options.reserved)
  }

  #demand(count: number): number {
    return this.isStatic ? count : 0
  }

  #reusableOf(pod: Pod): CpuSet {
    return this.#reusable.podUid === uidOf(pod) ? this.#reusable.cpus : noCpus
  }

  #hints(available: CpuSet, reusable: CpuSet, count: number): ResourceHints {
    const { topology, options } = this.#options
    const bySocket = options.has('align-by-socket')
    return new Map([['cpu', cpuHints({ topology, available, reusable, count, bySocket })]])
  }

  #give(pod: Pod, container: Container, count: number): CpuSet {
    const { topology, options, affinity } = this.#options
    this.#checkCores(count)
    const all = this.#available.union(this.#reusableOf(pod))
    const near = affinity(uidOf(pod), container.name).affinity
    const aligned = near === undefined ? noCpus : all.intersection(this.#near(near))
    const first = takeCpus(topology, options, aligned, Math.min(aligned.size, count))
    const cpus = first.union(takeCpus(topology, options, all.difference(first), count - first.size))
    this.#shared = this.#shared.difference(cpus)
    const containers = this.#assigned.get(uidOf(pod)) ?? new Map<string, CpuSet>()
    this.#assigned.set(uidOf(pod), containers.set(container.name, cpus))
    this.#countPools()
    return cpus
  }

  /** Whole cores, where only such are given; those that something of is reserved are not whole. */
  #checkCores(count: number): void {
    const { topology, options, reserved } = this.#options
    const { places, cpusPerCore } = topology
    if (!options.has('full-pcpus-only')) return
    const fail = (what: string): never => {
      throw new AdmissionError('SMTAlignmentError', `SMT Alignment Error: ${what}`)
    }
    if (count % cpusPerCore !== 0) fail(`requested ${count} cpus not multiple cpus per core = ${cpusPerCore}`)
    const cores = [...reserved].flatMap((cpu) => places.get(cpu)?.core ?? [])
    const free = this.#shared.difference(cpusIn(places, 'core', cores)).size
    if (count > free)
      fail(
        `not enough free physical CPUs: available physical CPUs = ${free}, requested CPUs = ${count}, CPUs per core = ${cpusPerCore}`,
      )
  }

  #near(mask: NumaMask): CpuSet {
    const { topology, options } = this.#options
    const nodes = nodesOf(mask)
    if (!options.has('align-by-socket')) return cpusIn(topology.places, 'node', nodes)
    const sockets = nodes.flatMap((node) => idsIn(topology.places, 'socket', 'node', node))
    return cpusIn(topology.places, 'socket', sockets)
  }

  #leave(pod: Pod, container: Container, cpus: CpuSet): void {
    const init = pod.spec?.initContainers?.find(({ name }) => name === container.name)
    const before = this.#reusableOf(pod)
    const leaves = init !== undefined && !isSidecar(init)
    this.#reusable = { podUid: uidOf(pod), cpus: leaves ? before.union(cpus) : before.difference(cpus) }
  }

  #countPools(): void {
    const exclusive = new Set(
      [...this.#assigned.values()].flatMap((own) => [...own.values()].flatMap((cpus) => [...cpus])),
    )
    this.#metrics.pools(this.#available, exclusive)
  }
}
