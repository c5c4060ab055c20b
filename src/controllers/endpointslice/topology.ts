import type { core } from '../../api/generated/types/index.ts'
import { quantityMilli } from '../../apimachinery/quantity.ts'
import type { Key } from '../../reconcile/controller.ts'
import { type Family, zoneLabel } from './endpoint-of-pod.ts'
import { removeHints, type SliceChanges } from './slice-changes.ts'
import { hintAtZones } from './zone-hints.ts'
import { isOverloaded, type ZoneCounts, type ZoneRatios } from './zone-shares.ts'

type Node = core.v1.Node

/** Such nodes run no applications. */
const excludedLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

export interface TopologyEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: 'TopologyAwareHintsEnabled' | 'TopologyAwareHintsDisabled'
  readonly message: string
}

const isNodeReady = ({ status }: Node): boolean =>
  status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'

/** Whether a change of a node can change what part its zone has. */
export const changesZones = (node: Node | undefined, old: Node | undefined): boolean =>
  node === undefined ||
  old === undefined ||
  isNodeReady(node) !== isNodeReady(old) ||
  node.metadata?.labels?.[zoneLabel] !== old.metadata?.labels?.[zoneLabel]

/** Each zone's part of the processors of ready nodes; undefined unless every node tells its zone and there are two. */
function zoneRatios(nodes: readonly Node[]): ZoneRatios {
  const milli = new Map<string, number>()
  for (const node of nodes) {
    const labels = node.metadata?.labels ?? {}
    if (excludedLabels.some((label) => labels[label] !== undefined) || !isNodeReady(node)) continue
    const zone = labels[zoneLabel]
    const cpu = quantityMilli(node.status?.allocatable?.cpu ?? '0')
    if (!zone || cpu === 0) return undefined
    milli.set(zone, (milli.get(zone) ?? 0) + cpu)
  }
  if (milli.size < 2) return undefined
  const total = [...milli.values()].reduce((sum, cpu) => sum + cpu, 0)
  return new Map([...milli].map(([zone, cpu]) => [zone, cpu / total]))
}

const event = (type: 'Normal' | 'Warning', what: string, family: Family): TopologyEvent => ({
  type,
  reason: type === 'Normal' ? 'TopologyAwareHintsEnabled' : 'TopologyAwareHintsDisabled',
  message: `${what}, addressType: ${family}`,
})

/** Which zones the endpoints of services serve, for services that ask for hints by an annotation. */
export class Topology {
  #ratios: ZoneRatios
  readonly #counts = new Map<Key, Map<Family, ZoneCounts>>()
  readonly #hinted = new Set<Key>()

  setNodes(nodes: readonly Node[]): void {
    this.#ratios = zoneRatios(nodes)
  }

  /** Services some zone of which has too few endpoints since nodes came or went. */
  overloaded(): readonly Key[] {
    return [...this.#counts]
      .filter(([, families]) => [...families.values()].some((counts) => isOverloaded(counts, this.#ratios)))
      .map(([key]) => key)
  }

  /** Hints where they are possible, none where they are not. */
  hint(key: Key, family: Family, changes: SliceChanges): readonly [SliceChanges, readonly TopologyEvent[]] {
    const hints = hintAtZones(changes, this.#ratios)
    if (typeof hints === 'string') {
      this.#remove(key, family)
      return [removeHints(changes), [event('Warning', hints, family)]]
    }
    const isNew = !this.#hinted.has(key)
    const families = this.#counts.get(key) ?? new Map<Family, ZoneCounts>()
    this.#counts.set(key, families.set(family, hints.counts))
    this.#hinted.add(key)
    const enabled = 'Topology Aware Hints has been enabled'
    return [hints.changes, isNew ? [event('Normal', enabled, family)] : []]
  }

  /** The service asks for no hints of this sort, or not any more. */
  stop(key: Key, family: Family): readonly TopologyEvent[] {
    const had = this.#hinted.has(key)
    this.#remove(key, family)
    return had ? [event('Warning', 'Topology Aware Hints has been disabled', family)] : []
  }

  #remove(key: Key, family: Family): void {
    const families = this.#counts.get(key)
    families?.delete(family)
    if (families?.size === 0) this.#counts.delete(key)
    this.#hinted.delete(key)
  }
}
