import type { FieldError } from '../field-error.ts'
import {
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type Where,
} from '../field-errors.ts'

/** One thing that is wrong with a value; `name` is its path. `message` is go-openapi's, by which findings are told apart. */
export interface Finding {
  readonly message: string
  /** What the API's answer says, below a path of the object ('' for its root). */
  readonly error: (at: (name: string) => Where) => FieldError
}

/** What was found in a value, and how much of it fitted: of several alternatives the best fit is told. */
export class Findings {
  readonly #findings: Finding[] = []
  matches = 0

  get list(): readonly Finding[] {
    return this.#findings
  }

  get valid(): boolean {
    return this.#findings.length === 0
  }

  add(finding: Finding): void {
    if (!this.#findings.some(({ message }) => message === finding.message)) this.#findings.push(finding)
  }

  merge(other: Findings): void {
    for (const finding of other.list) this.add(finding)
    this.matches += other.matches
  }
}

const where = (name: string): string => `${name} in body`

const simple = (name: string, message: string, value: unknown = ''): Finding => ({
  message,
  error: (at) => invalidValue(at(name), value, message),
})

/** What upstream tells without a path. */
const pathless = (message: string): Finding => ({
  message,
  error: (at) => invalidValue(at(''), '', message),
})

/** Go's `%v` of a number. */
function goNumber(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && size < 1e-4) return value.toExponential().replace(/e-(\d)$/, 'e-0$1')
  return String(value).replace(/e\+(\d)$/, 'e+0$1')
}

const goValue = (value: unknown): string =>
  typeof value === 'number' ? goNumber(value) : typeof value === 'string' ? value : JSON.stringify(value)

/** The errors of kube-openapi's validation (pkg/validation/errors), word for word, as field errors. */
export const finding = {
  type: (name: string, wanted: string, given: string): Finding => {
    const message = `${where(name)} must be of type ${wanted}: ${JSON.stringify(given)}`
    return { message, error: (at) => typeInvalid(at(name), given, message) }
  },
  format: (name: string, format: string, value: string): Finding => {
    const message = `${where(name)} must be of type ${format}: ${JSON.stringify(value)}`
    return { message, error: (at) => typeInvalid(at(name), value, message) }
  },
  required: (name: string): Finding => ({
    message: `${where(name)} is required`,
    error: (at) => required(at(name)),
  }),
  oneOfValues: (name: string, value: unknown, values: readonly unknown[]): Finding => ({
    message: `${where(name)} should be one of [${values.map(goValue).join(' ')}]`,
    error: (at) =>
      notSupported(
        at(name),
        value,
        values.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))),
      ),
  }),
  tooLong: (name: string, max: number): Finding => ({
    message: `${where(name)} should be at most ${max} chars long`,
    error: (at) => tooLong(at(name), max),
  }),
  tooShort: (name: string, min: number, value: string): Finding =>
    simple(name, `${where(name)} should be at least ${min} chars long`, value),
  pattern: (name: string, pattern: string, value: string): Finding =>
    simple(name, `${where(name)} should match '${pattern}'`, value),
  tooManyItems: (name: string, max: number, size: number): Finding => ({
    message: `${where(name)} should have at most ${max} items`,
    error: (at) => tooMany(at(name), size, max),
  }),
  tooFewItems: (name: string, min: number, size: number): Finding =>
    simple(name, `${where(name)} should have at least ${min} items`, size),
  duplicateItems: (name: string): Finding => simple(name, `${where(name)} shouldn't contain duplicates`),
  tooManyProperties: (name: string, max: number, size: number): Finding => ({
    message: `${where(name)} should have at most ${max} properties`,
    error: (at) => tooMany(at(name), size, max),
  }),
  tooFewProperties: (name: string, min: number, size: number): Finding =>
    simple(name, `${where(name)} should have at least ${min} properties`, size),
  forbiddenProperty: (name: string, key: string): Finding =>
    simple(name, `${name}.${key} in body is a forbidden property`, key),
  aboveMaximum: (name: string, max: number, exclusive: boolean, value: number): Finding =>
    simple(
      name,
      `${where(name)} should be less than ${exclusive ? '' : 'or equal to '}${goNumber(max)}`,
      value,
    ),
  belowMinimum: (name: string, min: number, exclusive: boolean, value: number): Finding =>
    simple(
      name,
      `${where(name)} should be greater than ${exclusive ? '' : 'or equal to '}${goNumber(min)}`,
      value,
    ),
  notMultiple: (name: string, factor: number, value: number): Finding =>
    simple(name, `${where(name)} should be a multiple of ${goNumber(factor)}`, value),
  factorNotPositive: (name: string, factor: number): Finding =>
    simple(name, `factor MultipleOf declared for ${name} must be positive: ${goNumber(factor)}`, factor),
  outOfRange: (name: string, what: string, type: string, format: string): Finding => {
    const kind = format === '' ? '(default format)' : `with format ${format}`
    return pathless(`${what} value must be of type ${type} ${kind} in ${name}`)
  },
  noAlternative: (name: string): Finding =>
    pathless(`${JSON.stringify(name)} must validate at least one schema (anyOf)`),
  notOneAlternative: (name: string, valid: number): Finding =>
    pathless(
      `${JSON.stringify(name)} must validate one and only one schema (oneOf). ${
        valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
      }`,
    ),
  notAll: (name: string, none: boolean): Finding =>
    pathless(
      `${JSON.stringify(name)} must validate all the schemas (allOf)${none ? '. None validated' : ''}`,
    ),
  isExcluded: (name: string): Finding =>
    pathless(`${JSON.stringify(name)} must not validate the schema (not)`),
} as const
