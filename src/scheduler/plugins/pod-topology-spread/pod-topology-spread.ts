import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, PluginContext } from '../../framework.ts'
import type { PodInfo } from '../../pod-info.ts'
import { defaultSelector } from './default-selector.ts'
import { type SpreadConstraint, spreadConstraints, systemDefaults } from './spread-constraint.ts'
import { spreadFilter } from './spread-filter.ts'
import { nodeChangeMayHelp, podChangeMayHelp } from './spread-hints.ts'
import { SpreadIndex } from './spread-index.ts'
import { spreadScore } from './spread-score.ts'

export interface PodTopologySpreadArgs {
  readonly defaultConstraints?: readonly core.v1.TopologySpreadConstraint[]
  /** `System` (the default): upstream's own constraints; `List`: `defaultConstraints`, and none if there are none. */
  readonly defaultingType?: 'System' | 'List'
}

/** Spreads a pod's like over topologies (KEP-895, KEP-3022, KEP-3094, KEP-3243). */
export function podTopologySpread(
  { nodes, informers, features }: PluginContext,
  { defaultConstraints = [], defaultingType = 'System' }: PodTopologySpreadArgs = {},
): Plugin {
  const index = new SpreadIndex(nodes)
  const system = defaultingType === 'System'
  const defaults = system ? systemDefaults : defaultConstraints
  const selectorOf = defaults.length === 0 ? undefined : defaultSelector(informers)

  const constraintsOf = (
    pod: core.v1.Pod,
    action: 'DoNotSchedule' | 'ScheduleAnyway',
  ): readonly SpreadConstraint[] => {
    const own = pod.spec?.topologySpreadConstraints ?? []
    if (own.length > 0) return spreadConstraints(own, pod.metadata?.labels, action, features)
    const byDefault = spreadConstraints(defaults, pod.metadata?.labels, action, features)
    if (byDefault.length === 0 || selectorOf === undefined) return []
    const selector = selectorOf(pod)
    return selector.empty ? [] : byDefault.map((constraint) => ({ ...constraint, selector }))
  }
  const groupOf = ({ pod }: PodInfo, constraints: readonly SpreadConstraint[], requiresEveryKey: boolean) =>
    index.group({ namespace: pod.metadata?.namespace ?? '', constraints, requiresEveryKey, pod })

  const { add, updatePodLabel, updatePodToleration, updateNodeLabel, updateNodeTaint } = actions
  return {
    name: 'PodTopologySpread',
    preFilter: (pod) => {
      const constraints = constraintsOf(pod.pod, 'DoNotSchedule')
      if (constraints.length === 0) return { type: 'skip' }
      return { type: 'filter', filter: spreadFilter(groupOf(pod, constraints, true), constraints, pod) }
    },
    preScore: (pod, feasible) => {
      const constraints = constraintsOf(pod.pod, 'ScheduleAnyway')
      if (constraints.length === 0) return { type: 'skip' }
      // A node without a zone's label still spreads by host name under the system's defaults.
      const requiresEveryKey = !system || (pod.pod.spec?.topologySpreadConstraints ?? []).length > 0
      return spreadScore(groupOf(pod, constraints, requiresEveryKey), constraints, feasible, nodes)
    },
    events: [
      onEvent(Pod, add | updatePodLabel | updatePodToleration | actions.delete, ({ pod }, now, old) =>
        podChangeMayHelp(pod, constraintsOf(pod, 'DoNotSchedule'), now, old),
      ),
      onEvent(Node, add | actions.delete | updateNodeLabel | updateNodeTaint, ({ pod }, now, old) =>
        nodeChangeMayHelp(constraintsOf(pod, 'DoNotSchedule'), now, old),
      ),
    ],
  }
}
