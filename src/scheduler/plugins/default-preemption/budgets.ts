import type { policy } from '../../../api/generated/types/index.ts'
import { type LabelMatcher, validLabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'
import type { PodInfo } from '../../pod-info.ts'

interface Budget {
  readonly namespace: string
  readonly selector: LabelMatcher
  /** Names of pods whose eviction is accounted for already. */
  readonly disrupted: Readonly<Record<string, unknown>>
  readonly allowed: number
}

/** Which pods their PodDisruptionBudgets would not let go. */
export class Budgets {
  readonly #budgets: readonly Budget[]

  constructor(budgets: readonly policy.v1.PodDisruptionBudget[]) {
    this.#budgets = budgets
      .map(({ metadata, spec, status }) => ({
        namespace: metadata?.namespace ?? '',
        selector: validLabelMatcher(spec?.selector),
        disrupted: status?.disruptedPods ?? {},
        allowed: status?.disruptionsAllowed ?? 0,
      }))
      // One without a selector, or with an empty one, concerns nobody here.
      .filter(({ selector }) => !selector.empty && selector.requirements !== undefined)
  }

  /** Two lists in the given order; each pod uses up what its budgets still allow to those after it. */
  split(pods: readonly PodInfo[]): { readonly violating: PodInfo[]; readonly others: PodInfo[] } {
    const left = this.#budgets.map(({ allowed }) => allowed)
    const violating: PodInfo[] = []
    const others: PodInfo[] = []
    for (const info of pods) (this.#violates(info, left) ? violating : others).push(info)
    return { violating, others }
  }

  #violates({ pod }: PodInfo, left: number[]): boolean {
    const { labels, namespace, name = '' } = pod.metadata ?? {}
    if (labels === undefined) return false
    let violates = false
    for (const [index, budget] of this.#budgets.entries()) {
      if (budget.namespace !== namespace || !budget.selector.matches(labels)) continue
      if (name in budget.disrupted) continue
      const remaining = (left[index] ?? 0) - 1
      left[index] = remaining
      if (remaining < 0) violates = true
    }
    return violates
  }
}
