import { admitsNode, matchesTerm } from '../../api/core/pod/node-affinity.ts'
import { toleratesTaints } from '../../api/core/pod/tolerations.ts'
import { isExtendedResource } from '../../api/core/resource-names.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { PodInfo } from '../pod-info.ts'
import type { SeenNode } from './seen-node.ts'

/** One thing that stands between a pod and a node, and what would do away with it. */
export interface NeededChange {
  /** The plugin that it would satisfy. */
  readonly plugin: string
  readonly what: string
  /** Of resources: which one, and how much more of it the node would need to have free, in `unit`. */
  readonly resource?: string
  readonly missing?: number
}

const hard: readonly string[] = ['NoSchedule', 'NoExecute']
const cordoned: core.v1.Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

const taintText = ({ key, value, effect }: core.v1.Taint): string =>
  `${key}${value ? `=${value}` : ''}:${effect}`

function amountText(resource: string, amount: number): string {
  if (resource === 'cpu') return amount % 1_000 === 0 ? String(amount / 1_000) : `${amount}m`
  const binary =
    resource === 'memory' || resource === 'ephemeral-storage' || resource.startsWith('hugepages-')
  if (!binary) return String(amount)
  for (const [unit, bytes] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const)
    if (amount % bytes === 0) return `${amount / bytes}${unit}`
  return String(amount)
}

function resourceChanges({ requests }: PodInfo, { free, rejection }: SeenNode): readonly NeededChange[] {
  const wanted = new Map([...requests, ['pods', 1] as const])
  return [...free].flatMap(([resource, left]): readonly NeededChange[] => {
    const amount = wanted.get(resource) ?? 0
    const missing = amount - left
    if (amount === 0 || missing <= 0) return []
    // A profile may leave extended resources to others: those count that were found short.
    if (isExtendedResource(resource) && !rejection.reasons.includes(`Insufficient ${resource}`)) return []
    const [asked, there] = [amountText(resource, amount), amountText(resource, left)]
    const what = `${amountText(resource, missing)} more ${resource} (it asks for ${asked}, ${there} is free)`
    return [{ plugin: 'NodeResourcesFit', what, resource, missing }]
  })
}

function taintChanges({ pod }: PodInfo, { spec }: core.v1.Node): readonly NeededChange[] {
  const tolerations = pod.spec?.tolerations
  const stopped = spec?.unschedulable === true && !toleratesTaints(tolerations, cordoned)
  const taints = (spec?.taints ?? []).filter(
    (taint) =>
      hard.includes(taint.effect) &&
      !toleratesTaints(tolerations, taint) &&
      // What cordons a node says so in both ways.
      !(stopped && taint.key === cordoned.key && taint.effect === cordoned.effect),
  )
  return [
    ...(stopped
      ? [{ plugin: 'NodeUnschedulable', what: 'the node uncordoned, or that tolerated by the pod' }]
      : []),
    ...taints.map((taint) => ({
      plugin: 'TaintToleration',
      what: `a toleration of ${taintText(taint)}, or the node without that taint`,
    })),
  ]
}

function requirementText({ key, operator, values = [] }: core.v1.NodeSelectorRequirement): string {
  const list = values.length === 0 ? '' : ` [${values.join(' ')}]`
  return `${key} ${operator}${list}`
}

/** Each requirement of a term that the node does not meet. */
function unmet(term: core.v1.NodeSelectorTerm, node: core.v1.Node): readonly string[] {
  const labels = (term.matchExpressions ?? []).filter(
    (requirement) => !matchesTerm({ matchExpressions: [requirement] }, node),
  )
  const fields = (term.matchFields ?? []).filter(
    (requirement) => !matchesTerm({ matchFields: [requirement] }, node),
  )
  return [...labels, ...fields].map(requirementText)
}

function labelChanges({ pod }: PodInfo, node: core.v1.Node): readonly NeededChange[] {
  if (admitsNode(pod, node)) return []
  const labels = node.metadata?.labels ?? {}
  const changes = Object.entries(pod.spec?.nodeSelector ?? {}).flatMap(([key, value]) =>
    labels[key] === value ? [] : [`the node labelled ${key}=${value}`],
  )
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (terms.length > 0 && !terms.some((term) => matchesTerm(term, node))) {
    // Terms are alternatives: the one with the least missing is the smallest change.
    const [least = []] = terms.map((term) => unmet(term, node)).sort((a, b) => a.length - b.length)
    changes.push(
      least.length === 0
        ? 'a required node affinity with a term that is not empty'
        : `the node to match ${least.join(' and ')}`,
    )
  }
  return changes.map((what) => ({ plugin: 'NodeAffinity', what }))
}

/** Plugins whose refusals follow from the node and the pod alone. */
const computed: ReadonlySet<string> = new Set([
  ...['NodeUnschedulable', 'TaintToleration', 'NodeAffinity', 'NodeResourcesFit'],
])

/**
 * What would have to change for the pod to pass on the node, as far as its profile's `filters` are concerned, worked out from both as the attempt saw them: all that
 * follows from taints, labels and amounts; of any other plugin that refused the node, its own words.
 */
export function neededChanges(
  info: PodInfo,
  seen: SeenNode,
  filters: ReadonlySet<string>,
): readonly NeededChange[] {
  const changes = [
    ...taintChanges(info, seen.node),
    ...labelChanges(info, seen.node),
    ...resourceChanges(info, seen),
  ].filter(({ plugin }) => filters.has(plugin))
  const said = computed.has(seen.plugin) && changes.some(({ plugin }) => plugin === seen.plugin)
  if (said) return changes
  const what = `what ${seen.plugin || 'an extender'} refuses it for: ${seen.rejection.reasons.join(', ')}`
  return [...changes, { plugin: seen.plugin, what }]
}
