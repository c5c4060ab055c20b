import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { StateStore } from '../../state/state-store.ts'
import { StateWriter } from '../../state/state-writer.ts'
import { restored } from '../restored-state.ts'
import type { AffinityStore, HintProvider, ResourceHints } from '../topology/hint.ts'
import { maskOf, type NumaMask, nodesOf } from '../topology/numa-mask.ts'
import { checkedMemoryState } from './check-memory-state.ts'
import { memoryCheckpoint, parseMemoryCheckpoint } from './memory-checkpoint.ts'
import { containerMemory, isPinned, type MemoryDemand, podMemory } from './memory-demand.ts'
import { bestHint, hasFree, isTaken, type MemoryHint, memoryHints } from './memory-hints.ts'
import type { MemoryMetrics } from './memory-metrics.ts'
import {
  emptyMemoryState,
  type MachineMemory,
  type MemoryBlock,
  type MemoryState,
  releaseMemory,
  sameNodes,
  takeMemory,
} from './memory-state.ts'
import type { MemoryPolicy } from './reserved-memory.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

export interface MemoryManagerOptions {
  readonly policy: MemoryPolicy
  /** The machine's memory when nobody has any of it. */
  readonly free: MachineMemory
  readonly affinity: AffinityStore
  readonly logger: Logger
  readonly metrics?: MemoryMetrics
  /** Where it is kept who has what. */
  readonly store?: StateStore
}

const uidOf = (pod: Pod): string => pod.metadata?.uid ?? ''

/** Regular init containers that have ended when this one runs. */
const endedBefore = ({ spec }: Pod, { name }: Container): readonly string[] => {
  const init = spec?.initContainers ?? []
  const at = init.findIndex((each) => each.name === name)
  return (at < 0 ? init : init.slice(0, at)).filter((each) => !isSidecar(each)).map((each) => each.name)
}

/** Of which NUMA nodes containers of guaranteed pods have their memory, by upstream's policy `Static`. */
export class MemoryManager implements HintProvider {
  readonly #options: MemoryManagerOptions
  readonly #writer: StateWriter
  #machine: MachineMemory = new Map()
  readonly #assigned = new Map<string, Map<string, readonly MemoryBlock[]>>()
  /** What init containers of the pod that is being admitted leave to those after them: by nodes and kind. */
  #reusable: { readonly podUid: string; readonly bytes: Map<string, number> } = {
    podUid: '',
    bytes: new Map(),
  }

  constructor(options: MemoryManagerOptions) {
    this.#options = options
    this.#writer = new StateWriter(options.store, () => memoryCheckpoint(options.policy, this.#state))
  }

  /**
   * Takes up what the last agent left. Rejects in upstream's words: with RestoreError for what cannot be read,
   * with an Error for what is not for this machine and configuration any more.
   */
  async load(): Promise<void> {
    const { policy, store, free } = this.#options
    const text = await store?.load()
    const saved = restored(text, emptyMemoryState, (each) => parseMemoryCheckpoint(each, policy))
    const { machine, assigned } = policy === 'None' ? saved : checkedMemoryState(saved, free)
    this.#machine = machine
    for (const [uid, containers] of assigned) this.#assigned.set(uid, new Map(containers))
    await this.#writer.write()
  }

  get isStatic(): boolean {
    return this.#options.policy === 'Static'
  }

  /** What pods may have of each NUMA node. */
  get allocatable(): readonly MemoryBlock[] {
    return [...this.#machine].flatMap(([node, { memoryMap }]) =>
      [...memoryMap].flatMap(([type, { allocatable }]) =>
        allocatable === 0 ? [] : [{ numaAffinity: [node], type, size: allocatable }],
      ),
    )
  }

  blocks(podUid: string, container: string): readonly MemoryBlock[] {
    return this.#assigned.get(podUid)?.get(container) ?? []
  }

  /** The NUMA nodes that a container has its memory of, in order; none: of any. */
  nodesFor(podUid: string, container: string): readonly number[] {
    return nodesOf(maskOf(this.blocks(podUid, container).flatMap(({ numaAffinity }) => numaAffinity)))
  }

  hints(pod: Pod, container: Container): ResourceHints {
    if (!this.#serves(pod)) return new Map()
    const own = this.#assigned.get(uidOf(pod))?.get(container.name)
    return this.#hints(pod, containerMemory(container), own)
  }

  podHints(pod: Pod): ResourceHints {
    if (!this.#serves(pod)) return new Map()
    const [own] = this.#assigned.get(uidOf(pod))?.values() ?? []
    return this.#hints(pod, podMemory(pod), own)
  }

  async allocate(pod: Pod, container: Container): Promise<void> {
    if (!this.#serves(pod)) return
    const { metrics } = this.#options
    metrics?.requested()
    const own = this.#assigned.get(uidOf(pod))?.get(container.name)
    if (own !== undefined) {
      this.#leave(pod, container, own)
      return
    }
    try {
      this.#give(pod, container)
      await this.#writer.write()
    } catch (error) {
      metrics?.failed()
      throw error
    }
  }

  /** A container is about to start: those init containers that had to end before it do not need theirs any more. */
  starting(pod: Pod, container: Container): void {
    const given = this.#assigned.get(uidOf(pod))
    if (given === undefined) return
    const ended = endedBefore(pod, container).filter((name) => given.has(name))
    for (const name of ended) this.#release(uidOf(pod), name)
    if (ended.length > 0) this.#save()
  }

  /** What a pod had is everybody's. */
  release(podUid: string): void {
    const names = [...(this.#assigned.get(podUid)?.keys() ?? [])]
    for (const name of names) this.#release(podUid, name)
    if (names.length > 0) this.#save()
  }

  keepOnly(podUids: ReadonlySet<string>): void {
    for (const uid of [...this.#assigned.keys()]) if (!podUids.has(uid)) this.release(uid)
  }

  get #state(): MemoryState {
    return { machine: this.#machine, assigned: this.#assigned }
  }

  #serves(pod: Pod): boolean {
    return this.isStatic && isPinned(pod)
  }

  #hints(pod: Pod, demand: MemoryDemand, own: readonly MemoryBlock[] | undefined): ResourceHints {
    if (own === undefined) {
      const hints = this.#possible(pod, demand)
      return new Map(hints.length === 0 ? [] : [...demand.keys()].map((type) => [type, hints]))
    }
    const same = own.length === demand.size && own.every(({ type, size }) => demand.get(type) === size)
    if (!same) return new Map()
    return new Map(
      own.map(({ type, numaAffinity }) => [type, [{ affinity: maskOf(numaAffinity), preferred: true }]]),
    )
  }

  #possible(pod: Pod, demand: MemoryDemand): readonly MemoryHint[] {
    return memoryHints(this.#machine, demand, (mask, type) => this.#left(pod, mask, type))
  }

  #give(pod: Pod, container: Container): void {
    const demand = containerMemory(container)
    const nodes = nodesOf(this.#choose(pod, container, demand))
    const blocks = [...demand].map(([type, size]) => ({ numaAffinity: nodes, type, size }))
    for (const block of blocks) {
      const left = this.#left(pod, maskOf(nodes), block.type)
      this.#machine = takeMemory(this.#machine, { ...block, size: Math.max(block.size - left, 0) })
    }
    this.#leave(pod, container, blocks)
    const given = this.#assigned.get(uidOf(pod)) ?? new Map<string, readonly MemoryBlock[]>()
    this.#assigned.set(uidOf(pod), given.set(container.name, blocks))
    this.#shrinkInit(pod, container, given, blocks)
  }

  /** Where it comes from: as the topology manager said, or wherever it is. */
  #choose(pod: Pod, container: Container, demand: MemoryDemand): NumaMask {
    const fail = (what: string): never => {
      throw new Error(`[memorymanager] ${what}`)
    }
    const wanted = this.#options.affinity(uidOf(pod), container.name)
    const hints = this.#possible(pod, demand)
    const usual = (): MemoryHint => {
      const best = bestHint(hints)
      if (best === undefined)
        return fail('failed to get the default NUMA affinity, no NUMA nodes with enough memory is available')
      if (!best.preferred && wanted.preferred) fail('failed to find the default preferred hint')
      return best
    }
    const { affinity, preferred } =
      wanted.affinity === undefined ? usual() : { affinity: wanted.affinity, preferred: wanted.preferred }
    if (hasFree(this.#machine, affinity, demand)) return this.#untaken(affinity, fail)
    const wider = bestHint(hints.filter((hint) => (hint.affinity & affinity) === affinity))
    if (wider === undefined) return fail('failed to find NUMA nodes to extend the current topology hint')
    if (!wider.preferred && preferred) fail('failed to find the extended preferred hint')
    return this.#untaken(wider.affinity, fail)
  }

  #untaken(mask: NumaMask, fail: (what: string) => never): NumaMask {
    return isTaken(this.#machine, nodesOf(mask)) ? fail('preferred hint violates NUMA node allocation') : mask
  }

  #left(pod: Pod, mask: NumaMask, type: string): number {
    const { podUid, bytes } = this.#reusable
    return podUid === uidOf(pod) ? (bytes.get(`${mask}/${type}`) ?? 0) : 0
  }

  #leave(pod: Pod, container: Container, blocks: readonly MemoryBlock[]): void {
    if (this.#reusable.podUid !== uidOf(pod)) this.#reusable = { podUid: uidOf(pod), bytes: new Map() }
    const { bytes } = this.#reusable
    const init = pod.spec?.initContainers?.find(({ name }) => name === container.name)
    for (const { numaAffinity, type, size } of blocks) {
      const key = `${maskOf(numaAffinity)}/${type}`
      const before = bytes.get(key) ?? 0
      bytes.set(
        key,
        init !== undefined && !isSidecar(init) ? Math.max(before, size) : Math.max(before - size, 0),
      )
    }
  }

  /** What a container has of init containers before it is not theirs any more, so that it is not given back twice. */
  #shrinkInit(
    pod: Pod,
    container: Container,
    given: Map<string, readonly MemoryBlock[]>,
    blocks: readonly MemoryBlock[],
  ): void {
    for (const { type, numaAffinity, size } of blocks) {
      let open = size
      for (const name of endedBefore(pod, container)) {
        const shrunk = given.get(name)?.map((block) => {
          if (block.type !== type || !sameNodes(block.numaAffinity, numaAffinity)) return block
          const taken = Math.min(open, block.size)
          open -= taken
          return { ...block, size: block.size - taken }
        })
        if (shrunk !== undefined) given.set(name, shrunk)
      }
    }
  }

  #release(podUid: string, container: string): void {
    for (const block of this.blocks(podUid, container)) this.#machine = releaseMemory(this.#machine, block)
    const given = this.#assigned.get(podUid)
    given?.delete(container)
    if (given?.size === 0) this.#assigned.delete(podUid)
  }

  #save(): void {
    this.#writer.write().catch((error: unknown) => {
      this.#options.logger.error('which containers have memory of which nodes could not be saved', {
        error: messageOf(error),
      })
    })
  }
}
