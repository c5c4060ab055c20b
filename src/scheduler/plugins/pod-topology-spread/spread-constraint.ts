import type { core } from '../../../api/generated/types/index.ts'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'
import { LabelMatcher, validLabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'

/** A spread constraint with its defaults, ready to be asked. */
export interface SpreadConstraint {
  readonly maxSkew: number
  readonly minDomains: number
  readonly topologyKey: string
  readonly selector: LabelMatcher
  /** Only nodes that the pod's node selector and affinity admit are counted. */
  readonly honorsAffinity: boolean
  /** Only nodes whose taints the pod tolerates are counted. */
  readonly honorsTaints: boolean
}

/** `selector`, and the pod's own values of `keys` (those that it has). */
function withLabelsOf(selector: LabelMatcher, keys: readonly string[], labels: StringMap): LabelMatcher {
  const own = keys.flatMap((key) => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator: '=', values: [value] } as const]
  })
  if (own.length === 0 || selector.requirements === undefined) return selector
  return new LabelMatcher([...own, ...selector.requirements])
}

/** Those of `constraints` that ask for `action`, as `labels` complete them. */
export function spreadConstraints(
  constraints: readonly core.v1.TopologySpreadConstraint[],
  labels: StringMap | undefined,
  action: 'DoNotSchedule' | 'ScheduleAnyway',
  features: Features,
): readonly SpreadConstraint[] {
  const keys = features.enabled('MatchLabelKeysInPodTopologySpread')
  return constraints
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => ({
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      topologyKey: constraint.topologyKey,
      selector: withLabelsOf(
        validLabelMatcher(constraint.labelSelector),
        (keys ? constraint.matchLabelKeys : undefined) ?? [],
        labels ?? {},
      ),
      honorsAffinity: (constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor',
      honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
    }))
}

export const hostnameLabel = 'kubernetes.io/hostname'

/** Upstream's, for pods without constraints of their own; their selector follows from who selects the pod. */
export const systemDefaults: readonly core.v1.TopologySpreadConstraint[] = [
  { topologyKey: hostnameLabel, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
]

export const hasEveryKey = (
  labels: StringMap | undefined,
  constraints: readonly SpreadConstraint[],
): boolean => {
  for (const { topologyKey } of constraints) if (labels?.[topologyKey] === undefined) return false
  return true
}
