import { type Findings, finding } from './findings.ts'
import type { StructuralSchema } from './structural-schema.ts'

const maxFloat32 = 3.4028235677973366e38

/** Whether a number can be one of the schema's type and format. */
function isInRange(value: number, type: string, format: string): boolean {
  if (type === 'integer') {
    if (!Number.isInteger(value)) return false
    if (format === 'int32') return value >= -(2 ** 31) && value < 2 ** 31
    return value >= -(2 ** 63) && value < 2 ** 63
  }
  return format !== 'float' || Math.abs(value) < maxFloat32
}

/** Integers are compared as such: a boundary's fraction is cut off. */
const boundary = (value: number, limit: number): number =>
  Number.isInteger(value) ? Math.trunc(limit) : limit

function isMultiple(value: number, factor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(factor)) return value % factor === 0
  const quotient = factor < 1 ? (1 / factor) * value : value / factor
  return Math.abs(quotient - Math.round(quotient)) < 1e-9
}

/** The numeric part of kube-openapi's validation. */
export function validateNumber(
  given: number | bigint,
  { json, types, format }: StructuralSchema,
  name: string,
  found: Findings,
): void {
  // Where they are compared, integers beyond 2^53 are as good as their nearest number; 64 bits they fit.
  const value = Number(given)
  const [type = ''] = types.length === 1 ? types : []
  const known = type === 'integer' || type === 'number' ? type : ''
  const check = (number: number, what: string): boolean => {
    if (isInRange(number, known, format)) return true
    found.add(finding.outOfRange(name, what, known, format))
    return false
  }
  if (typeof given === 'number' || format === 'int32') check(value, 'Checked')
  const { multipleOf, maximum, minimum, exclusiveMaximum = false, exclusiveMinimum = false } = json
  if (multipleOf !== undefined) {
    check(multipleOf, 'MultipleOf')
    if (multipleOf <= 0) found.add(finding.factorNotPositive(name, multipleOf))
    else if (!isMultiple(value, multipleOf)) found.add(finding.notMultiple(name, multipleOf, value))
  }
  if (maximum !== undefined) {
    const limit = check(maximum, 'Maximum boundary') ? boundary(value, maximum) : maximum
    if (value > limit || (exclusiveMaximum && value === limit))
      found.add(finding.aboveMaximum(name, limit, exclusiveMaximum, value))
  }
  if (minimum !== undefined) {
    const limit = check(minimum, 'Minimum boundary') ? boundary(value, minimum) : minimum
    if (value < limit || (exclusiveMinimum && value === limit))
      found.add(finding.belowMinimum(name, limit, exclusiveMinimum, value))
  }
  found.matches++
}
