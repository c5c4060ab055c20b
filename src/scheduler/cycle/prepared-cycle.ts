import type {
  Filter,
  LaterPoints,
  NominatedPods,
  Plugin,
  PreFilterResult,
  PreparedFilter,
  Rejection,
  SupposedPods,
} from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NodeTable } from '../node-table.ts'
import type { Evaluations } from '../plugin-evaluations.ts'
import { type CycleTimer, type StatusLabel, statusOfRejection } from '../plugin-timing.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Profile } from '../profile.ts'
import { inPlugin } from './plugin-error.ts'
import { admitted, type NodeJudge, type SharedWork } from './shared-work.ts'

interface NamedFilter {
  readonly plugin: string
  readonly prepared: PreparedFilter
  /** `prepared`, or what measures it. */
  readonly asked: { readonly filter: Filter }
  /** Among all that the profile filters by. */
  readonly place: number
  readonly evaluations: Evaluations
}

function statusOf(result: PreFilterResult | undefined): StatusLabel {
  if (result === undefined || result.type === 'skip') return 'Skip'
  return result.type === 'reject' ? statusOfRejection(result.rejection) : 'Success'
}

/** Why PreFilter found that no node can do. */
export interface PreFilterRefusal {
  readonly plugins: ReadonlySet<string>
  readonly rejection: Rejection
}

export interface CycleParts {
  readonly pod: PodInfo
  readonly profile: Profile
  readonly table: NodeTable
  readonly nominated: NominatedPods & { readonly size: number }
  readonly timer: CycleTimer
  /** What is known from alike pods. */
  readonly shared: SharedWork | undefined
}

/** What PreFilter plugins have worked out for one attempt to place one pod: its filters, and their later points. */
export class PreparedCycle implements SupposedPods, NodeJudge {
  readonly pod: PodInfo
  readonly profile: Profile
  readonly timer: CycleTimer
  /** Nodes that need be looked at; undefined: all. */
  readonly nodes: ReadonlySet<string> | undefined
  /** Plugins that named those nodes. */
  readonly nodesBy: readonly string[]
  readonly refusal: PreFilterRefusal | undefined
  /** The plugin whose rejection `check` returned last. */
  refuser = ''
  readonly shared: SharedWork | undefined
  readonly #parts: CycleParts
  readonly #filters: readonly NamedFilter[]
  /** Of those the ones that answer for alike pods alike, and the others. */
  readonly #sharing: readonly NamedFilter[]
  readonly #single: readonly NamedFilter[]
  readonly #prepared = new Map<string, PreparedFilter>()

  constructor(parts: CycleParts) {
    this.#parts = parts
    this.pod = parts.pod
    this.profile = parts.profile
    this.timer = parts.timer
    this.shared = parts.shared
    const found = this.timer.point(
      'PreFilter',
      () => this.#preFilter(),
      ({ refusal }) => statusOfRejection(refusal?.rejection),
    )
    this.nodes = found.nodes
    this.nodesBy = found.nodesBy
    this.refusal = found.refusal
    const filters: NamedFilter[] = []
    for (const [place, { name }] of parts.profile.at.filter.entries()) {
      const prepared = this.#prepared.get(name)
      if (prepared === undefined) continue
      const evaluations = this.timer.evaluations(name, 'Filter')
      filters.push({ plugin: name, prepared, asked: this.timer.filter(name, prepared), place, evaluations })
    }
    this.#filters = filters
    const signed = this.shared?.signed
    this.#sharing = filters.filter(({ plugin }) => signed?.has(plugin))
    this.#single = filters.filter(({ plugin }) => !signed?.has(plugin))
  }

  /** The plugin's step, as it was handed back for this attempt or as the plugin always has it. */
  step<K extends keyof LaterPoints>(plugin: Plugin, point: K): LaterPoints[K] {
    return this.#prepared.get(plugin.name)?.[point] ?? plugin[point]
  }

  /** The pod as it counts once it is assumed on the node. */
  countedOn(node: string): PodInfo {
    for (const { prepared } of this.#filters) {
      const counted = prepared.countedOn?.(node)
      if (counted !== undefined) return counted
    }
    return this.pod
  }

  /** Undefined admits the node; pods that are nominated to it are counted as there, and as not there. */
  check(node: NodeInfo, index = node.index): Rejection | undefined {
    const { nominated } = this.#parts
    if (nominated.size === 0) return this.#ask(node, index)
    const { priority, uid } = this.pod
    const others = nominated.on(node.name).filter((other) => other.priority >= priority && other.uid !== uid)
    if (others.length === 0) return this.#ask(node, index)
    for (const other of others) this.add(other, node)
    try {
      const rejection = this.#filter(node)
      if (rejection !== undefined) return rejection
    } finally {
      for (const other of others) this.remove(other, node)
    }
    return this.#filter(node)
  }

  judge(node: NodeInfo): ReturnType<NodeJudge['judge']> {
    for (const { asked, place, evaluations } of this.#sharing) {
      evaluations.count++
      const rejection = asked.filter(node)
      if (rejection !== undefined) return { place, rejection }
    }
    return { place: admitted, rejection: undefined }
  }

  add(pod: PodInfo, node: NodeInfo): void {
    this.#parts.table.addPod(node.name, pod)
    for (const { prepared } of this.#filters) prepared.addPod?.(pod, node)
  }

  remove(pod: PodInfo, node: NodeInfo): void {
    this.#parts.table.removePod(node.name, pod.uid)
    for (const { prepared } of this.#filters) prepared.removePod?.(pod, node)
  }

  /** The first refusal, as `#filter` finds it; what alike pods have found of the node is not asked again. */
  #ask(node: NodeInfo, index: number): Rejection | undefined {
    const { shared } = this
    if (shared === undefined) return this.#filter(node)
    const refuser = shared.refuserOf(index, node, this)
    for (const { plugin, asked, place, evaluations } of this.#single) {
      if (place > refuser) break
      evaluations.count++
      const rejection = asked.filter(node)
      if (rejection === undefined) continue
      this.refuser = plugin
      return rejection
    }
    if (refuser === admitted) return undefined
    this.refuser = this.profile.at.filter[refuser]?.name ?? ''
    return shared.rejectionOf(index)
  }

  #filter(node: NodeInfo): Rejection | undefined {
    for (const { plugin, asked, evaluations } of this.#filters) {
      evaluations.count++
      const rejection = asked.filter(node)
      if (rejection !== undefined) {
        this.refuser = plugin
        return rejection
      }
    }
    return undefined
  }

  #preFilter(): Pick<PreparedCycle, 'nodes' | 'nodesBy' | 'refusal'> {
    let nodes: ReadonlySet<string> | undefined
    const nodesBy: string[] = []
    let refusal: PreFilterRefusal | undefined
    for (const plugin of this.profile.at.preFilter) {
      const ask = this.timer.around(plugin.name, 'PreFilter', () => plugin.preFilter?.(this.pod), statusOf)
      const result = inPlugin(`running PreFilter plugin "${plugin.name}"`, ask)
      if (result === undefined || result.type === 'skip') continue
      this.timer.evaluations(plugin.name, 'PreFilter').count++
      if (result.type === 'reject') {
        refusal = { plugins: new Set([plugin.name]), rejection: result.rejection }
        if (!result.rejection.resolvable) return { nodes, nodesBy, refusal }
        continue
      }
      this.#prepared.set(plugin.name, result)
      const named = result.nodes
      if (named === undefined) continue
      nodesBy.push(plugin.name)
      nodes = nodes === undefined ? named : nodes.intersection(named)
      if (nodes.size === 0) return { nodes, nodesBy, refusal: noCommonNode(nodesBy) }
    }
    return { nodes, nodesBy, refusal }
  }
}

function noCommonNode(plugins: readonly string[]): PreFilterRefusal {
  const names = [...plugins].sort()
  const reason =
    names.length === 1
      ? `node(s) didn't satisfy plugin ${names[0]}`
      : `node(s) didn't satisfy plugin(s) [${names.join(' ')}] simultaneously`
  return { plugins: new Set(names), rejection: { resolvable: false, reasons: [reason] } }
}
