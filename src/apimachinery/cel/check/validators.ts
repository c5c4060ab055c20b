import { parseGoDuration } from '../../go-duration.ts'
import { compilePattern } from '../library/regular-expression.ts'
import { children, type Expr } from '../syntax/expr.ts'
import type { Issues } from '../syntax/issues.ts'
import { type CelType, dynType, formatType, unwrapOptional } from '../types/type.ts'
import { parseTimestamp } from '../values/times.ts'
import type { Checked } from './checked.ts'

/** Looks for what the types allow and is wrong all the same. */
export type Validator = (checked: Checked, issues: Issues) => void

export function* descendants(expr: Expr): Iterable<Expr> {
  yield expr
  for (const child of children(expr)) yield* descendants(child)
}

/** Complains of a function's constant argument that no run could use. */
const literalValidator =
  (name: string, isValid: (text: string) => boolean): Validator =>
  (checked, issues) => {
    for (const expr of descendants(checked.expr)) {
      if (expr.kind !== 'call' || checked.references.get(expr)?.name !== name) continue
      const [argument] = expr.args
      if (argument?.kind !== 'literal' || typeof argument.value !== 'string') continue
      if (!isValid(argument.value)) issues.report(argument.offset, `invalid ${name} argument`)
    }
  }

const isExempt = (checked: Checked, expr: Expr): boolean =>
  expr.kind === 'call' && checked.references.get(expr)?.name === 'format'

/** Types that differ in more than the names of their parameters. */
function differ(a: CelType, b: CelType): boolean {
  if (a.kind !== b.kind || a.parameters.length !== b.parameters.length) return true
  if (a.kind !== 'typeParam' && a.name !== b.name) return true
  return a.parameters.some((parameter, index) => differ(parameter, b.parameters[index] ?? dynType))
}

/** All elements of a list literal have the type of the first, and so have keys and values of a map. */
function checkHomogeneous(checked: Checked, expr: Expr, issues: Issues): void {
  if (isExempt(checked, expr)) return
  const typeOf = (part: Expr, optional: boolean): CelType => {
    const type = checked.types.get(part) ?? dynType
    return optional ? (unwrapOptional(type) ?? type) : type
  }
  const mismatch = (part: Expr, expected: CelType, found: CelType): void =>
    issues.report(part.offset, `expected type '${formatType(expected)}' but found '${formatType(found)}'`)
  const compare = (parts: readonly { readonly part: Expr; readonly optional: boolean }[]): void => {
    const [first, ...rest] = parts
    if (first === undefined) return
    const expected = typeOf(first.part, first.optional)
    for (const { part, optional } of rest) {
      const found = typeOf(part, optional)
      if (differ(expected, found)) mismatch(part, expected, found)
    }
  }
  if (expr.kind === 'list') {
    compare(expr.elements.map((part, index) => ({ part, optional: expr.optionals.has(index) })))
  }
  if (expr.kind === 'map') {
    compare(expr.entries.map(({ key }) => ({ part: key, optional: false })))
    compare(expr.entries.map(({ value, optional }) => ({ part: value, optional })))
  }
  for (const child of children(expr)) checkHomogeneous(checked, child, issues)
}

/** The validators that Kubernetes asks for since 1.29. */
export const extendedValidators: readonly Validator[] = [
  literalValidator('duration', (text) => parseGoDuration(text) !== undefined),
  literalValidator('timestamp', (text) => parseTimestamp(text) !== undefined),
  literalValidator('matches', (text) => !('error' in compilePattern(text))),
  (checked, issues) => checkHomogeneous(checked, checked.expr, issues),
]
