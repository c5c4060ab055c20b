import { Pod } from '../../../api/core/pod/kind.ts'
import { podCondition } from '../../../api/core/pod/pod-state.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { PodDisruptionBudget } from '../../../api/policy/pod-disruption-budget/kind.ts'
import { aggregate } from '../../../apimachinery/aggregate.ts'
import { invalidValue } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import { fitErrorText } from '../../cycle/fit-error.ts'
import type { Victims } from '../../extender/extender.ts'
import type { FailedAttempt, Plugin, PluginContext, PostFilterResult, Rejection } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { PodInfo } from '../../pod-info.ts'
import { Budgets } from './budgets.ts'
import { Evictions } from './evictions.ts'
import { pickCandidate } from './pick-candidate.ts'
import { preemptionMetrics } from './preemption-metrics.ts'
import { type Candidate, selectVictims } from './victims.ts'

/** DefaultPreemptionArgs: how many nodes are tried out before the best of them is taken. */
export interface DefaultPreemptionArgs {
  readonly minCandidateNodesPercentage: number
  readonly minCandidateNodesAbsolute: number
}

const defaultPreemptionDefaults: DefaultPreemptionArgs = {
  minCandidateNodesPercentage: 10,
  minCandidateNodesAbsolute: 100,
}

export function readPreemptionArgs(reader: FieldsReader): DefaultPreemptionArgs {
  const percentage = 'minCandidateNodesPercentage'
  const absolute = 'minCandidateNodesAbsolute'
  const args = {
    minCandidateNodesPercentage:
      reader.integer(percentage) ?? defaultPreemptionDefaults.minCandidateNodesPercentage,
    minCandidateNodesAbsolute:
      reader.integer(absolute) ?? defaultPreemptionDefaults.minCandidateNodesAbsolute,
  }
  reader.within(percentage, args[percentage], 0, 100, 'not in valid range [0, 100]')
  reader.within(absolute, args[absolute], 0, Number.POSITIVE_INFINITY, 'not in valid range [0, inf)')
  if (args[percentage] === 0 && args[absolute] === 0) {
    const detail = 'cannot be zero at the same time as'
    reader.fail(
      invalidValue(reader.at(percentage), 0, `${detail} ${absolute}`),
      invalidValue(reader.at(absolute), 0, `${detail} ${percentage}`),
    )
  }
  return args
}

/** Nodes that are tried out between two breaths: one may have a hundred pods, each a run of all filters. */
const nodesPerBreath = 8

const notHelpful: Rejection = { resolvable: false, reasons: ['Preemption is not helpful for scheduling'] }

/** A victim of an earlier preemption that has not gone yet. */
function isLeaving(pod: core.v1.Pod): boolean {
  if (pod.metadata?.deletionTimestamp === undefined) return false
  const condition = podCondition(pod, 'DisruptionTarget')
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler'
}

/** Why the pod may not have others evicted now; undefined: it may. */
function ineligible({ pod, refusalOf }: FailedAttempt, nodes: PluginContext['nodes']): string | undefined {
  if (pod.pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = pod.pod.status?.nominatedNodeName
  const node = nominated ? nodes.get(nominated) : undefined
  if (node === undefined || !refusalOf(node).rejection.resolvable) return undefined
  for (const other of node.pods.values())
    if (other.priority < pod.priority && isLeaving(other.pod))
      return 'not eligible due to a terminating pod on the nominated node.'
  return undefined
}

/** How many of the nodes that may do are tried out. */
export function candidatesToFind(
  nodes: number,
  { minCandidateNodesPercentage, minCandidateNodesAbsolute }: DefaultPreemptionArgs,
): number {
  const share = Math.trunc((nodes * minCandidateNodesPercentage) / 100)
  return Math.min(nodes, Math.max(share, minCandidateNodesAbsolute))
}

/** What extenders that preempt leave of the candidates. */
async function agreed(
  { extenders }: PluginContext,
  { pod }: PodInfo,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const asked = extenders.filter((extender) => extender.preempts && extender.isInterested(pod))
  if (asked.length === 0) return candidates
  let victims: ReadonlyMap<NodeInfo, Victims> = new Map(
    candidates.map(({ node, victims: pods, violations }) => [node, { pods, violations }]),
  )
  for (const extender of asked) if (victims.size > 0) victims = await extender.preempt(pod, victims)
  return [...victims].map(([node, { pods, violations }]) => ({ node, victims: pods, violations }))
}

class DryRun {
  readonly clean: Candidate[] = []
  readonly violating: Candidate[] = []
  /** Of nodes where it fits as they are: somebody beside the plugins has refused them. */
  readonly errors: string[] = []
  /** What nodes were refused for. */
  readonly reasons = new Map<string, number>()

  note(found: Candidate | Rejection): void {
    if (!('victims' in found)) this.refuse(found, 1)
    else if (found.victims.length === 0)
      this.errors.push(`expected at least one victim pod on node ${JSON.stringify(found.node.name)}`)
    else (found.violations === 0 ? this.clean : this.violating).push(found)
  }

  refuse({ reasons }: Rejection, nodes: number): void {
    if (nodes > 0)
      for (const reason of reasons) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + nodes)
  }

  hasEnough(wanted: number): boolean {
    return this.clean.length > 0 && this.clean.length + this.violating.length >= wanted
  }
}

/** Makes room for a pod that fits nowhere by evicting pods of lower priority (PostFilter). */
export function defaultPreemption(
  context: PluginContext,
  args: DefaultPreemptionArgs = defaultPreemptionDefaults,
): Plugin {
  const { host, nodes, metrics: registry } = context
  const metrics = preemptionMetrics(registry)
  const evictions = new Evictions(context, metrics)
  const budgets = context.informers.informer(PodDisruptionBudget).lister
  const isAsync = context.features.enabled('SchedulerAsyncPreemption')

  async function dryRun(attempt: FailedAttempt, potential: readonly NodeInfo[]): Promise<DryRun> {
    const found = new DryRun()
    const limits = new Budgets(budgets.list())
    const wanted = candidatesToFind(potential.length, args)
    const offset = Math.trunc(host.random() * potential.length)
    for (let index = 0; index < potential.length && !found.hasEnough(wanted); index++) {
      if (index % nodesPerBreath === nodesPerBreath - 1) await attempt.breathe()
      const node = potential[(offset + index) % potential.length]
      if (node !== undefined) found.note(selectVictims(attempt, node, limits, host.now()))
    }
    found.refuse(notHelpful, attempt.nodes.length - potential.length)
    return found
  }

  async function preempt(attempt: FailedAttempt): Promise<PostFilterResult> {
    const reason = ineligible(attempt, nodes)
    if (reason !== undefined)
      return { type: 'unschedulable', message: `preemption: ${reason}`, forget: false }
    const potential = attempt.nodes.filter((node) => attempt.refusalOf(node).rejection.resolvable)
    const found = await dryRun(attempt, potential)
    const candidates = [...found.clean, ...found.violating]
    if (candidates.length === 0) {
      if (found.errors.length > 0) throw new Error(aggregate(found.errors))
      const text = fitErrorText({ nodes: attempt.nodes.length, reasons: found.reasons })
      return { type: 'unschedulable', message: `preemption: ${text}`, forget: true }
    }
    const best = pickCandidate(await agreed(context, attempt.pod, candidates), host.now())
    if (best === undefined) {
      const message = 'preemption: no candidate node for preemption'
      return { type: 'unschedulable', message, forget: false }
    }
    metrics.victims.observe(best.victims.length)
    const evicting = host.track(evictions.run(attempt.pod, best))
    if (!isAsync) await evicting
    return { type: 'nominate', node: best.node.name }
  }

  return {
    name: 'DefaultPreemption',
    postFilter: async (attempt) => {
      metrics.attempts.inc()
      return preempt(attempt)
    },
    preEnqueue: ({ uid }) =>
      isAsync && evictions.isUnderWay(uid)
        ? { resolvable: false, reasons: ['waiting for the preemption for this pod to be finished'] }
        : undefined,
    // A pod that was held back while its victims were evicted: what other plugins said of the first ones is past.
    events: isAsync
      ? [
          onEvent(Pod, actions.delete, ({ uid }, _pod, old) =>
            evictions.isLastVictim(uid, old?.metadata?.uid),
          ),
        ]
      : [],
  }
}
