import { validLabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'
import type { core, policy } from '../../generated/types/index.ts'

type Budget = policy.v1.PodDisruptionBudget

/** Those of the budgets of the pod's namespace that count the pod; an empty selector counts all, an absent one none. */
export const budgetsOf = (pod: core.v1.Pod, budgets: readonly Budget[]): readonly Budget[] =>
  budgets.filter(({ spec }) => validLabelMatcher(spec?.selector).matches(pod.metadata?.labels))
