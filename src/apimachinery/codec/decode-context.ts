import { goQuote } from '../go-text.ts'
import { cborTypeError } from './cbor/cbor-words.ts'
import { DecodeError } from './decode-error.ts'
import { goValue } from './go-types.ts'
import type { Duplicates } from './json-exact.ts'

/** A struct's field, as errors name it. */
export interface FieldStep {
  readonly name: string
  /** The struct it belongs to: `DeploymentSpec`. */
  readonly struct: string
  /** Names of embedded structs on the way to it: `VolumeSource.`, or ''. */
  readonly embedded: string
}

/** A field, a list's index or a map's key on the way to a value. */
export type Step = FieldStep | number | string

/** Upstream stops counting there. */
const maxStrictErrors = 100

/** One walk over an object: where it is, and what it has found. */
export class DecodeContext {
  readonly path: Step[] = []
  readonly duplicates: Duplicates | undefined
  readonly #strict: Set<string> | undefined
  readonly #cborRoot: string | undefined
  #error: string | undefined

  /** `cborRoot`: the Go type of the whole, where it came as CBOR. */
  constructor(strict: boolean, duplicates: Duplicates | undefined, cborRoot?: string) {
    this.#strict = strict ? new Set() : undefined
    this.duplicates = duplicates
    this.#cborRoot = cborRoot
  }

  get isCbor(): boolean {
    return this.#cborRoot !== undefined
  }

  /** Unknown and duplicate fields, in upstream's words. */
  get strictErrors(): readonly string[] {
    return this.#strict === undefined ? [] : [...this.#strict]
  }

  /** Throws the first error that was saved. */
  finish(): void {
    if (this.#error !== undefined) throw new DecodeError(this.#error)
  }

  /** A member of `object` has no field. */
  unknownField(name: string, object: object): void {
    if (!this.isCbor) this.#report('unknown field', name)
    // Upstream's library for CBOR tells the first alone.
    else if (this.#strict?.size === 0)
      this.#strict.add(`cbor: found unknown field at map element index ${Object.keys(object).indexOf(name)}`)
  }

  /** Tells keys of `object` that came again when it had `at` different ones; all where that is not said. */
  duplicatesAt(object: object, at?: number, isKnown?: (key: string) => boolean): void {
    if (this.duplicates === undefined) return
    for (const again of this.duplicates.get(object) ?? [])
      if ((at === undefined || again.at === at) && isKnown?.(again.key) !== false)
        this.duplicateField(again.key)
  }

  duplicateField(name: string): void {
    this.#report('duplicate field', name)
  }

  /** Runs a part whose unknown fields upstream's decoder does not see. */
  quietly<T>(run: (context: DecodeContext) => T): T {
    const inner = new DecodeContext(false, this.duplicates, this.#cborRoot)
    inner.path.push(...this.path)
    const value = run(inner)
    inner.finish()
    return value
  }

  /** Saves that a value has the wrong type; decoding goes on, the first such error wins. `withText`: JSON shows numbers. */
  typeError(value: unknown, goType: string, withText = false): void {
    this.#error ??= this.#typeError(value, goType, withText, false)
  }

  /** Likewise, of what should have been a struct. */
  structError(value: unknown, goType: string): void {
    this.#error ??= this.#typeError(value, goType, false, true)
  }

  /** Saves any other error, likewise. */
  error(message: string): void {
    this.#error ??= message
  }

  /** Ends decoding, as errors of Go types that decode themselves do. */
  fail(message: string): never {
    throw new DecodeError(message)
  }

  failType(value: unknown, goType: string, withText = false): never {
    throw new DecodeError(this.#typeError(value, goType, withText, false))
  }

  #typeError(given: unknown, goType: string, withText: boolean, isStruct: boolean): string {
    const fields = this.path.filter((step) => typeof step === 'object')
    if (this.#cborRoot !== undefined) {
      const [field] = fields
      const place = field === undefined ? 'value' : `struct field ${this.#cborRoot}.${field.name}`
      return cborTypeError(given, goType, place, isStruct)
    }
    const value = goValue(given, withText)
    const struct = fields.at(-1)?.struct
    if (struct === undefined) return `json: cannot unmarshal ${value} into Go value of type ${goType}`
    const path = fields.map((step) => step.embedded + step.name).join('.')
    return `json: cannot unmarshal ${value} into Go struct field ${struct}.${path} of type ${goType}`
  }

  #report(what: string, name: string): void {
    if (this.#strict === undefined || this.#strict.size >= maxStrictErrors) return
    const steps = this.path.map(strictStep).join('')
    const prefix = steps.startsWith('.') ? steps.slice(1) : steps
    this.#strict.add(`${what} ${goQuote(prefix === '' ? name : `${prefix}.${name}`)}`)
  }
}

function strictStep(step: Step): string {
  if (typeof step === 'number') return `[${step}]`
  return `.${typeof step === 'string' ? step : step.name}`
}
