import type { Program, Variables } from '../api.ts'
import { structType } from '../types/type.ts'
import { CelError, type Equality, MapValue, type Value } from '../values/value.ts'

/** A variable of a policy: its program, or why there is none. */
export interface LazyVariable {
  readonly name: string
  readonly program: Program | { readonly error: string }
}

const variablesType = structType('kubernetes.variables')

/**
 * The value of `variables`: each is computed when an expression first looks at it, and then kept, for as long as one
 * request is looked at. What computing costs is added up apart; `takeCost` gives it and starts anew.
 */
export class LazyVariables extends MapValue {
  readonly #variables: ReadonlyMap<string, LazyVariable['program']>
  readonly #known = new Map<string, Value>()
  readonly #others: Variables
  #cost = 0

  /** `others`: what the variables' own expressions may name, beside the variables before them. */
  constructor(variables: readonly LazyVariable[], others: Variables) {
    super()
    this.#variables = new Map(variables.map(({ name, program }) => [name, program]))
    this.#others = { ...others, variables: this }
  }

  override get structType() {
    return variablesType
  }

  get size(): number {
    return this.#variables.size
  }

  find(name: Value): Value | undefined {
    if (typeof name !== 'string') return undefined
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const program = this.#variables.get(name)
    if (program === undefined) return undefined
    const value = this.#compute(name, program)
    this.#known.set(name, value)
    return value
  }

  #compute(name: string, program: LazyVariable['program']): Value {
    if ('error' in program)
      return new CelError(`composited variable "${name}" fails to compile: ${program.error}`)
    const result = program.evaluate(this.#others)
    this.#cost += result.cost
    return result.ok
      ? result.value
      : new CelError(`composited variable "${name}" fails to evaluate: ${result.error}`)
  }

  takeCost(): number {
    const cost = this.#cost
    this.#cost = 0
    return cost
  }

  keys(): Iterable<Value> {
    return this.#variables.keys()
  }

  equals(other: Value): Equality {
    return other === this
  }
}
