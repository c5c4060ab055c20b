import { DecodeContext } from './decode-context.ts'
import type { Duplicates } from './json-exact.ts'
import { resolveExactly, resolveNumbers } from './number-literal.ts'

function report(value: unknown, context: DecodeContext): void {
  if (typeof value !== 'object' || value === null) return
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value)
  let seen = 0
  for (const [step, member] of entries) {
    context.path.push(step)
    report(member, context)
    context.path.pop()
    context.duplicatesAt(value, ++seen)
  }
}

/** Keys that were given twice, in upstream's words. */
export function duplicateFields(value: unknown, duplicates: Duplicates): readonly string[] {
  if (duplicates.size === 0) return []
  const context = new DecodeContext(true, duplicates)
  report(value, context)
  return context.strictErrors
}

/** What upstream reports of free-form JSON: keys that were given twice. Numbers are resolved in place; `exact`: integers beyond 2^53 stay what they are, as bigints. */
export function finishFreeForm(
  value: unknown,
  duplicates: Duplicates,
  exact = false,
): { readonly value: unknown; readonly strictErrors: readonly string[] } {
  const strictErrors = duplicateFields(value, duplicates)
  return { value: exact ? resolveExactly(value) : resolveNumbers(value), strictErrors }
}
