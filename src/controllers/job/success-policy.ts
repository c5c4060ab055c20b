import { countIndexSet, countShared, type IndexSet, parseIndexes } from '../../api/batch/job/index-set.ts'
import type { batch } from '../../api/generated/types/index.ts'

function isMet(rule: batch.v1.SuccessPolicyRule, completed: IndexSet, completions: number): boolean {
  const { succeededIndexes, succeededCount } = rule
  if (succeededIndexes === undefined)
    return succeededCount !== undefined && countIndexSet(completed) >= succeededCount
  const wanted = parseIndexes(succeededIndexes, completions)
  if (wanted.length === 0) return false
  const found = countShared(wanted, completed)
  return found === countIndexSet(wanted) || (succeededCount !== undefined && found >= succeededCount)
}

/** Which rule says that a job with these completed indexes has succeeded (KEP-3998); undefined: none. */
export function metSuccessRule(
  { successPolicy, completions = 0 }: batch.v1.JobSpec,
  completed: IndexSet,
): string | undefined {
  if (successPolicy === undefined || completed.length === 0) return undefined
  const index = successPolicy.rules.findIndex((rule) => isMet(rule, completed, completions))
  return index < 0 ? undefined : `Matched rules at index ${index}`
}
