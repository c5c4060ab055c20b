import type { Checked } from '../../check/checked.ts'
import { descendants, type Validator } from '../../check/validators.ts'
import type { Call, Expr } from '../../syntax/expr.ts'
import type { Issues } from '../../syntax/issues.ts'
import { type CelType, dynType } from '../../types/type.ts'
import { complaints, formatParts } from './format-string.ts'

const integers = ['int', 'uint']
const kindsOf: Readonly<Record<keyof typeof complaints, readonly string[]>> = {
  b: [...integers, 'bool'],
  d: integers,
  f: ['double', 'string'],
  x: [...integers, 'string', 'bytes'],
  o: integers,
  e: ['double', 'string'],
  s: [
    ...integers,
    'list',
    'map',
    'double',
    'bool',
    'string',
    'timestamp',
    'bytes',
    'duration',
    'type',
    'null',
  ],
}

const isClause = (letter: string): letter is keyof typeof complaints => letter in complaints

/** The part of an argument that a clause cannot take; undefined if it takes all. */
function unfit(checked: Checked, letter: keyof typeof complaints, expr: Expr): Expr | undefined {
  const type = typeOf(checked, expr)
  if (type.kind !== 'dyn' && !kindsOf[letter].includes(type.kind)) return expr
  if (letter !== 's') return undefined
  const parts =
    expr.kind === 'list'
      ? expr.elements
      : expr.kind === 'map'
        ? expr.entries.flatMap(({ key, value }) => [key, value])
        : []
  for (const part of parts) {
    const found = unfit(checked, letter, part)
    if (found !== undefined) return found
  }
  return undefined
}

const typeOf = (checked: Checked, expr: Expr): CelType => checked.types.get(expr) ?? dynType

/** What is wrong with a call; the first thing, as upstream stops there. */
function complaintOf(
  checked: Checked,
  call: Call,
  format: string,
  args: readonly Expr[],
): { readonly offset: number; readonly message: string } | undefined {
  let index = 0
  for (const part of formatParts(format)) {
    if ('text' in part) continue
    const argument = args[index]
    if ('error' in part) return { offset: call.offset, message: part.error }
    if (argument === undefined) return { offset: call.offset, message: `index ${index} out of range` }
    const letter = part.letter.toLowerCase()
    const wrong = isClause(letter) ? unfit(checked, letter, argument) : undefined
    if (isClause(letter) && wrong !== undefined) {
      const message = `error during formatting: ${complaints[letter](typeOf(checked, wrong).name)}`
      return { offset: wrong.offset, message }
    }
    index++
  }
  if (args.length <= index) return undefined
  const message = `too many arguments supplied to string.format (expected ${index}, got ${args.length})`
  return { offset: call.offset, message }
}

function validateCall(checked: Checked, expr: Expr, issues: Issues): void {
  if (expr.kind !== 'call' || expr.name !== 'format' || expr.target === undefined) return
  const [args] = expr.args
  if (expr.target.kind !== 'literal' || typeof expr.target.value !== 'string' || args?.kind !== 'list') return
  const complaint = complaintOf(checked, expr, expr.target.value, args.elements)
  if (complaint !== undefined) issues.report(complaint.offset, complaint.message)
}

/** Checks calls of `format` whose format and list of arguments stand in the expression. */
export const formatValidator: Validator = (checked, issues) => {
  for (const expr of descendants(checked.expr)) validateCall(checked, expr, issues)
}
