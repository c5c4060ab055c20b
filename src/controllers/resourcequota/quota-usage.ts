import type { QuotaEvaluator, ScopeRequirement } from '../../api/core/resource-quota/evaluators/evaluator.ts'
import { objectCount } from '../../api/core/resource-quota/evaluators/object-count.ts'
import type { QuotaAmounts } from '../../api/core/resource-quota/quota-amounts.ts'
import { countOf } from '../../api/core/resource-quota/quota-amounts.ts'
import type { Amount } from '../../apimachinery/quantity.ts'

/** What the objects that the scopes pick use of these names; each name is there, if only as nothing. */
export function usageOf<T>(
  evaluator: QuotaEvaluator<T>,
  names: readonly string[],
  scopes: readonly ScopeRequirement[],
  objects: readonly T[],
  nowMs: number,
): QuotaAmounts {
  const sums = new Map<string, Amount>(names.map((name) => [name, countOf(0)]))
  for (const object of objects) {
    if (!scopes.every((scope) => evaluator.matchesScope?.(scope, object) ?? false)) continue
    for (const [name, { nano, format }] of evaluator.usage(object, nowMs)) {
      const sum = sums.get(name)
      if (sum === undefined) continue
      sums.set(name, { nano: sum.nano + nano, format: sum.nano === 0n ? format : sum.format })
    }
  }
  return sums
}

const countPrefix = 'count/'

/** Which resource's objects a name counts: `deployments.apps` for `count/deployments.apps`, `secrets` for itself. */
export function countedResource(name: string): string | undefined {
  if (name.startsWith(countPrefix)) return name.slice(countPrefix.length)
  return objectCount('', name).counts(name) ? name : undefined
}
