import type { Value } from '../values/value.ts'

/** The evaluation costs more than it may. */
export class CostLimitExceeded extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded')
  }
}

/** One evaluation: its variables, its comprehensions' variables by place, and what it has cost. */
export class Frame {
  readonly locals: (Value | undefined)[] = []
  readonly #variables: Readonly<Record<string, Value | (() => Value)>>
  readonly #limit: number
  /** Values of variables that were functions. */
  #resolved: Map<string, Value> | undefined
  cost = 0

  constructor(variables: Readonly<Record<string, Value | (() => Value)>>, limit: number) {
    this.#variables = variables
    this.#limit = limit
  }

  charge(cost: number): void {
    this.cost += cost
    if (this.cost > this.#limit) throw new CostLimitExceeded()
  }

  /** undefined if nobody gave the variable. */
  variable(name: string): Value | undefined {
    const given = this.#variables[name]
    if (typeof given !== 'function') return given
    const known = this.#resolved?.get(name)
    if (known !== undefined) return known
    const value = given()
    this.#resolved ??= new Map()
    this.#resolved.set(name, value)
    return value
  }
}

export type Evaluate = (frame: Frame) => Value
