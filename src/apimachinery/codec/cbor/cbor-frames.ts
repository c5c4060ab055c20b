import { goQuote } from '../../go-text.ts'
import type { DecodeError } from '../decode-error.ts'
import { goTimeError } from '../go-time.ts'
import { NumberLiteral } from '../number-literal.ts'
import { setMember } from '../set-member.ts'
import { major, tags } from './cbor-head.ts'
import { cborKind } from './cbor-words.ts'
import { refused, UnfitError } from './unfit-error.ts'

/** An array, map or tag of which not all has been read. */
export abstract class Frame {
  /** How many values are to come; infinite where a break code ends them. */
  left: number

  constructor(left: number) {
    this.left = left
  }

  abstract add(value: unknown): void
  abstract result(): unknown
}

export class ArrayFrame extends Frame {
  readonly #items: unknown[] = []

  add(value: unknown): void {
    this.#items.push(value)
  }

  result(): unknown {
    return this.#items
  }
}

export class MapFrame extends Frame {
  readonly #map: Record<string, unknown> = {}
  #key = ''
  #index = 0

  /** Before each value. Throws where the key was there before. */
  begin(key: string): void {
    const index = this.#index++
    this.#key = key
    if (Object.hasOwn(this.#map, key))
      throw new UnfitError(`cbor: found duplicate map key ${goQuote(key)} at map element index ${index}`)
  }

  add(value: unknown): void {
    setMember(this.#map, this.#key, value)
  }

  result(): unknown {
    return this.#map
  }
}

export class TagFrame extends Frame {
  readonly #tag: number
  #value: unknown

  constructor(tag: number) {
    super(1)
    this.#tag = tag
  }

  add(value: unknown): void {
    this.#value = value
  }

  result(): unknown {
    if (this.#tag === tags.positiveBignum || this.#tag === tags.negativeBignum)
      throw refused(major.tag, 'bignum')
    if (this.#tag === tags.dateTime) return dateTime(this.#value)
    return this.#tag === tags.epochTime ? epochTime(this.#value) : this.#value
  }
}

const tagComplaint = (tag: number, wanted: string, value: unknown): DecodeError =>
  new UnfitError(`cbor: tag number ${tag} must be followed by ${wanted}, got ${cborKind(value)}`)

function dateTime(value: unknown): string {
  if (typeof value !== 'string') throw tagComplaint(0, 'text string', value)
  const wrong = goTimeError(value, '2006-01-02T15:04:05Z07:00')
  if (wrong !== undefined) throw new UnfitError(`cbor: cannot set ${value} for time.Time: ${wrong}`)
  return value
}

/** Seconds since 1970, as Go tells them: no more decimals than there are. */
function epochTime(value: unknown): string {
  const seconds = value instanceof NumberLiteral ? Number(value.text) : value
  const date = new Date(typeof seconds === 'number' ? seconds * 1000 : Number.NaN)
  if (Number.isNaN(date.getTime())) throw tagComplaint(1, 'integer or floating-point number', value)
  return date.toISOString().replace(/\.?0*Z$/, 'Z')
}
