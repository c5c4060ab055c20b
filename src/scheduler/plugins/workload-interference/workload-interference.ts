import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { actions, type EventRegistration, onEvent } from '../../cluster-event.ts'
import { normalizeScores, type Plugin, type PluginContext, type Rejection } from '../../framework.ts'
import { ClassCounts, classOf } from './class-counts.ts'
import type { Slowdown, WorkloadInterferenceArgs } from './interference-args.ts'

const tooSlow: Rejection = {
  resolvable: true,
  reasons: ['node(s) would slow a workload down by more than is allowed'],
}

/** Percent by class that suffers and class that does it. */
type Slowdowns = ReadonlyMap<string, ReadonlyMap<string, number>>

function slowdownsOf(list: readonly Slowdown[]): Slowdowns {
  const all = new Map<string, Map<string, number>>()
  for (const each of list) {
    const of = all.get(each.class) ?? new Map<string, number>()
    all.set(each.class, of.set(each.by, each.percent))
  }
  return all
}

type Counts = ReadonlyMap<string, number>

/** What pods of the class suffer among those that are there. */
function suffered(slowdowns: Slowdowns, name: string, counts: Counts): number {
  let sum = 0
  for (const [by, percent] of slowdowns.get(name) ?? []) sum += percent * (counts.get(by) ?? 0)
  return sum
}

/** What a pod of the class does to each of another, and each of those to it. */
const between = (slowdowns: Slowdowns, sufferer: string, by: string): number =>
  slowdowns.get(sufferer)?.get(by) ?? 0

/** The sum of all slowdowns, the newcomer's and its neighbours', that its coming brings about. */
function caused(slowdowns: Slowdowns, name: string, counts: Counts): number {
  let sum = suffered(slowdowns, name, counts)
  for (const [other, count] of counts) sum += count * between(slowdowns, other, name)
  return sum
}

/** The most that any pod would be slowed down by if one of the class came. */
function worst(slowdowns: Slowdowns, name: string, counts: Counts): number {
  let most = suffered(slowdowns, name, counts)
  for (const other of counts.keys()) {
    // A pod does not slow itself down.
    const own = between(slowdowns, other, other)
    most = Math.max(most, suffered(slowdowns, other, counts) - own + between(slowdowns, other, name))
  }
  return most
}

const events: readonly EventRegistration[] = [
  onEvent(Pod, actions.delete | actions.updatePodLabel, (_pod, now, old) =>
    [now, old].some((pod) => pod !== undefined && classOf(pod) !== ''),
  ),
  onEvent(Node, actions.add),
]

/** Keeps workloads apart that slow each other down on one node, by the operator's table of who slows whom by how much. */
export function workloadInterference(
  { nodes }: PluginContext,
  { slowdowns: list = [], maxSlowdownPercent }: WorkloadInterferenceArgs = {},
): Plugin {
  const slowdowns = slowdownsOf(list)
  const counts = new ClassCounts()
  nodes.observe(counts)
  const score: Plugin['preScore'] = ({ pod }) => {
    const name = classOf(pod)
    if (name === '' || list.length === 0) return { type: 'skip' }
    return {
      type: 'score',
      score: (node) => caused(slowdowns, name, counts.on(node)),
      normalize: (scores) => normalizeScores(scores, true),
    }
  }
  return {
    name: 'WorkloadInterference',
    sign: ({ pod }) => classOf(pod),
    ...(maxSlowdownPercent === undefined
      ? {}
      : {
          preFilter: ({ pod }) => {
            const name = classOf(pod)
            if (name === '') return { type: 'skip' }
            return {
              type: 'filter',
              filter: (node) =>
                worst(slowdowns, name, counts.on(node)) > maxSlowdownPercent ? tooSlow : undefined,
            }
          },
        }),
    preScore: score,
    events,
  }
}
