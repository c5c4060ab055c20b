import { DecodeError } from './decode-error.ts'

/** A number whose text says more than its value: `1.0`, `1e3`, integers beyond 2^53. Only the exact parser makes them. */
export class NumberLiteral {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get isInteger(): boolean {
    return !/[.eE]/.test(this.text)
  }

  /**
   * The value in free-form JSON. Throws DecodeError for an integer that upstream keeps (it has 64 bits) and a
   * number would change; beyond 64 bits upstream rounds as well.
   */
  get value(): number {
    const value = Number(this.text)
    if (this.isInteger && isRounded(this.text, value) && fitsInt64(this.text)) {
      throw new DecodeError(
        `json: cannot keep number ${this.text} exactly: integers go from -9007199254740991 to 9007199254740991`,
      )
    }
    if (!Number.isFinite(value)) {
      throw new DecodeError(`json: cannot unmarshal number ${this.text} into Go value of type float64`)
    }
    return value
  }
}

/** Whether the number would be written otherwise than it was read. */
const isRounded = (text: string, value: number): boolean => `${value}` !== text.replace(/^-0$/, '0')

const fitsInt64 = (text: string): boolean => BigInt.asIntN(64, BigInt(text)) === BigInt(text)

/** How a literal becomes a value. */
type Resolve = (literal: NumberLiteral) => number | bigint

const toNumber: Resolve = (literal) => literal.value

/** Integers that a number would change, and upstream keeps, as bigints. */
const toExact: Resolve = (literal) => {
  const isBig = literal.isInteger && isRounded(literal.text, Number(literal.text)) && fitsInt64(literal.text)
  return isBig ? BigInt(literal.text) : literal.value
}

/** As `resolveNumbers`, for those who can keep 64 bits. */
export const resolveExactly = (value: unknown): unknown => resolveNumbers(value, toExact)

/** Puts numbers in the place of literals, in place: only the exact parser's own trees come here. */
export function resolveNumbers(value: unknown, resolve: Resolve = toNumber): unknown {
  if (value instanceof NumberLiteral) return resolve(value)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = resolveNumbers(value[index], resolve)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (typeof member !== 'object' || member === null) continue
      const resolved = resolveNumbers(member, resolve)
      if (resolved !== member) Reflect.set(value, key, resolved)
    }
  }
  return value
}
