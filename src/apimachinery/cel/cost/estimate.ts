import type { Checked, FunctionReference } from '../check/checked.ts'
import type { Call, Comprehension, Expr, ListExpr, MapExpr, Select } from '../syntax/expr.ts'
import { accumulator } from '../syntax/expr.ts'
import { type CelType, dynType, isOptional } from '../types/type.ts'
import { codePointLength } from '../values/text.ts'
import { estimateCall } from './call-estimate.ts'
import {
  add,
  type CallEstimate,
  type CallOperand,
  type CostEstimate,
  fixed,
  multiply,
  noCost,
  type SizeEstimate,
  type SizeEstimator,
  scale,
  sumOf,
  unbounded,
  union,
  unknownSize,
} from './estimates.ts'
import { listCost, mapCost, structCost, traversalFactor } from './sizes.ts'
import { standardEstimates } from './standard-estimates.ts'

/** Sizes of the keys and values that a collection holds. */
interface EntrySizes {
  readonly kind: 'list' | 'map'
  readonly key: SizeEstimate
  readonly value: SizeEstimate
}

interface Local {
  readonly path: readonly string[]
  readonly size: SizeEstimate | undefined
  readonly entries: EntrySizes | undefined
}

const one = fixed(1)
/** Smaller than any size: what a union starts from. */
const empty: SizeEstimate = { min: unbounded, max: 0 }

const scalars: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint'])
const isScalar = (type: CelType): boolean =>
  scalars.has(type.kind) || (isOptional(type) && isScalar(type.parameters[0] ?? dynType))

function literalSize(expr: Expr): SizeEstimate | undefined {
  switch (expr.kind) {
    case 'literal':
      if (typeof expr.value === 'string') return fixed(codePointLength(expr.value))
      return fixed(expr.value instanceof Uint8Array ? expr.value.length : 1)
    case 'list':
      return fixed(expr.elements.length)
    case 'map':
      return fixed(expr.entries.length)
    default:
      return undefined
  }
}

const unionEntries = (a: EntrySizes | undefined, b: EntrySizes | undefined): EntrySizes | undefined =>
  a === undefined || b === undefined
    ? undefined
    : { kind: a.kind, key: union(a.key, b.key), value: union(a.value, b.value) }

class Estimator {
  readonly #checked: Checked
  readonly #sizes: SizeEstimator
  readonly #paths = new Map<Expr, readonly string[]>()
  readonly #knownSizes = new Map<Expr, SizeEstimate>()
  readonly #entries = new Map<Expr, EntrySizes>()
  #locals: ReadonlyMap<string, Local> = new Map()

  constructor(checked: Checked, sizes: SizeEstimator) {
    this.#checked = checked
    this.#sizes = sizes
  }

  cost(expr: Expr): CostEstimate {
    switch (expr.kind) {
      case 'literal':
        return noCost
      case 'ident':
        return this.#ident(expr)
      case 'select':
        return this.#checked.references.has(expr) ? this.#ident(expr) : this.#select(expr)
      case 'call':
        return this.#call(expr)
      case 'list':
        return this.#list(expr)
      case 'map':
        return this.#map(expr)
      case 'struct':
        return add(sumOf(expr.fields.map(({ value }) => this.cost(value))), fixed(structCost))
      case 'comprehension':
        return isBind(expr) ? this.#bind(expr) : this.#comprehension(expr)
    }
  }

  #type(expr: Expr): CelType {
    return this.#checked.types.get(expr) ?? dynType
  }

  #local(expr: Expr): Local | undefined {
    const name = this.#checked.references.get(expr)?.name
    return name === undefined ? undefined : this.#locals.get(name)
  }

  #path(expr: Expr): readonly string[] {
    return this.#local(expr)?.path ?? this.#paths.get(expr) ?? []
  }

  #ident(expr: Expr): CostEstimate {
    const name = this.#checked.references.get(expr)?.name ?? ''
    this.#paths.set(expr, this.#locals.get(name)?.path ?? [name])
    return one
  }

  #select(expr: Select): CostEstimate {
    const operand = this.cost(expr.operand)
    if (expr.testOnly) return operand
    const { kind } = this.#type(expr.operand)
    this.#paths.set(expr, [...this.#path(expr.operand), expr.field])
    return kind === 'map' || kind === 'struct' || kind === 'typeParam' ? add(operand, one) : operand
  }

  #call(expr: Call): CostEstimate {
    const reference = this.#checked.references.get(expr)
    if (reference?.kind !== 'function') return noCost
    if (reference.name === 'dyn') return this.#dyn(expr)
    const costs = expr.args.map((arg) => this.cost(arg))
    const args = expr.args.map((arg) => this.#operand(arg))
    const isMethod = reference.isMethod && expr.target !== undefined
    const targetCost = isMethod && expr.target !== undefined ? this.cost(expr.target) : noCost
    const target = isMethod && expr.target !== undefined ? this.#operand(expr.target) : undefined
    let total: CostEstimate = empty
    let size: SizeEstimate | undefined
    for (const { id } of reference.overloads) {
      const estimate = this.#function(expr, reference, id, target, args, costs)
      total = union(total, estimate)
      if (estimate.resultSize !== undefined) {
        size = size === undefined ? estimate.resultSize : union(size, estimate.resultSize)
      }
      size = this.#indexed(expr, id, size) ?? this.#size(expr)
    }
    if (size !== undefined) this.#knownSizes.set(expr, size)
    return add(targetCost, total)
  }

  /** An index is a step into a path. */
  #indexed(expr: Call, id: string, size: SizeEstimate | undefined): SizeEstimate | undefined {
    const [container] = expr.args
    if (container === undefined || (id !== 'index_list' && id !== 'index_map')) return size
    this.#paths.set(expr, [...this.#path(container), id === 'index_list' ? '@items' : '@values'])
    return this.#entrySizes(container)?.value
  }

  #dyn(expr: Call): CostEstimate {
    const [argument] = expr.args
    if (argument === undefined) return one
    const cost = this.cost(argument)
    this.#copySizes(expr, argument)
    return add(one, cost)
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#size(from)
    if (size !== undefined) this.#knownSizes.set(to, size)
    const entries = this.#entrySizes(from)
    if (entries !== undefined) this.#entries.set(to, entries)
  }

  #operand(expr: Expr): CallOperand {
    const path = this.#path(expr)
    return { path: path[0] === accumulator ? [] : path, type: this.#type(expr), expr, size: this.#size(expr) }
  }

  #function(
    expr: Call,
    reference: FunctionReference,
    overload: string,
    target: CallOperand | undefined,
    args: readonly CallOperand[],
    costs: readonly CostEstimate[],
  ): CallEstimate {
    const argCosts = sumOf(costs)
    const library = estimateCall(reference.name, { overload, target, args }, this.#sizes)
    if (library !== undefined) return { ...add(library, argCosts), resultSize: library.resultSize }
    const special = this.#special(expr, overload, args, costs)
    if (special !== undefined) return special
    const sizes = {
      target: target === undefined ? undefined : (target.size ?? unknownSize),
      args: args.map((arg) => arg.size ?? unknownSize),
    }
    const standard = standardEstimates.get(overload)?.(sizes)
    return { ...add(standard ?? one, argCosts), resultSize: standard?.resultSize }
  }

  /** Operators that do not cost all their operands, or that make collections of others. */
  #special(
    expr: Call,
    overload: string,
    args: readonly CallOperand[],
    costs: readonly CostEstimate[],
  ): CallEstimate | undefined {
    const [first = noCost, second = noCost, third = noCost] = costs
    switch (overload) {
      case 'logical_or':
      case 'logical_and':
        return { min: first.min, max: add(first, second).max }
      case 'conditional':
        this.#setUnion(expr, args[1], args[2])
        return {
          ...add(first, union(second, third)),
          resultSize: union(args[1]?.size ?? unknownSize, args[2]?.size ?? unknownSize),
        }
      case 'add_string':
      case 'add_bytes':
      case 'add_list': {
        this.#setUnion(expr, args[0], args[1])
        const resultSize = add(args[0]?.size ?? unknownSize, args[1]?.size ?? unknownSize)
        const own = overload === 'add_list' ? one : scale(resultSize, traversalFactor)
        return { ...add(own, add(first, second)), resultSize }
      }
      default:
        return undefined
    }
  }

  #setUnion(expr: Expr, a: CallOperand | undefined, b: CallOperand | undefined): void {
    if (a?.expr === undefined || b?.expr === undefined) return
    const entries = unionEntries(this.#entrySizes(a.expr), this.#entrySizes(b.expr))
    if (entries !== undefined) this.#entries.set(expr, entries)
  }

  #list(expr: ListExpr): CostEstimate {
    const costs = expr.elements.map((element) => this.cost(element))
    const start = expr.elements.length === 0 ? noCost : empty
    const value = expr.elements.map((element) => this.#sizeOrUnknown(element)).reduce(union, start)
    this.#entries.set(expr, { kind: 'list', key: one, value })
    return add(sumOf(costs), fixed(listCost))
  }

  #map(expr: MapExpr): CostEstimate {
    const costs = expr.entries.map(({ key, value }) => add(this.cost(key), this.cost(value)))
    const start = expr.entries.length === 0 ? noCost : empty
    const sizes = (parts: readonly Expr[]): SizeEstimate =>
      parts.map((part) => this.#sizeOrUnknown(part)).reduce(union, start)
    const key = sizes(expr.entries.map((entry) => entry.key))
    const value = sizes(expr.entries.map((entry) => entry.value))
    this.#entries.set(expr, { kind: 'map', key, value })
    return add(sumOf(costs), fixed(mapCost))
  }

  #comprehension(expr: Comprehension): CostEstimate {
    const before = add(this.cost(expr.range), this.cost(expr.init))
    const outer = this.#locals
    const withAccu = new Map(outer).set(expr.accuVar, this.#localOf(expr.init))
    this.#locals = new Map([...withAccu, ...this.#iterated(expr)])
    const turn = add(this.cost(expr.condition), this.cost(expr.step))
    this.#locals = withAccu
    const result = this.cost(expr.result)
    this.#locals = outer
    const count = this.#sizeOrUnknown(expr.range)
    this.#setResult(expr, count)
    return sumOf([before, result, multiply(count, turn)])
  }

  /** What a comprehension makes is as large as its range, if it is a collection. */
  #setResult(expr: Comprehension, count: SizeEstimate): void {
    if (expr.init.kind === 'literal') {
      const size = this.#size(expr.init)
      if (size !== undefined) this.#knownSizes.set(expr, size)
      return
    }
    if (expr.init.kind !== 'list' && expr.init.kind !== 'map') return
    this.#knownSizes.set(expr, count)
    const entries = this.#entrySizes(expr.step)
    if (entries !== undefined) this.#entries.set(expr, entries)
  }

  #localOf(expr: Expr): Local {
    return { path: this.#path(expr), size: this.#size(expr), entries: this.#entrySizes(expr) }
  }

  #iterated(expr: Comprehension): readonly (readonly [string, Local])[] {
    const entries = this.#entrySizes(expr.range)
    const isList = (entries?.kind ?? this.#type(expr.range).kind) === 'list'
    const path = this.#path(expr.range)
    const local = (step: string, size: SizeEstimate | undefined): Local => ({
      path: [...path, step],
      size,
      entries: undefined,
    })
    const keys = local(isList ? '@indices' : '@keys', entries?.key)
    const values = local(isList ? '@items' : '@values', entries?.value)
    if (expr.iterVar2 === undefined) return [[expr.iterVar, isList ? values : keys]]
    return [
      [expr.iterVar, keys],
      [expr.iterVar2, values],
    ]
  }

  #bind(expr: Comprehension): CostEstimate {
    const before = add(this.cost(expr.range), this.cost(expr.init))
    const outer = this.#locals
    this.#locals = new Map(outer).set(expr.accuVar, this.#localOf(expr.init))
    const result = this.cost(expr.result)
    this.#locals = outer
    this.#copySizes(expr, expr.result)
    return add(before, result)
  }

  #sizeOrUnknown(expr: Expr): SizeEstimate {
    return this.#size(expr) ?? unknownSize
  }

  #size(expr: Expr): SizeEstimate | undefined {
    const known = this.#knownSizes.get(expr) ?? literalSize(expr)
    if (known !== undefined) return known
    const path = this.#path(expr)
    const type = this.#type(expr)
    const hinted = this.#sizes({ path, type })
    if (hinted !== undefined) {
      this.#knownSizes.set(expr, hinted)
      return hinted
    }
    return isScalar(type) ? one : this.#local(expr)?.size
  }

  #entrySizes(expr: Expr): EntrySizes | undefined {
    return this.#entries.get(expr) ?? this.#local(expr)?.entries
  }
}

/** A fold that only gives a name to a value. */
function isBind(expr: Comprehension): boolean {
  const { range, condition, accuVar } = expr
  return (
    range.kind === 'list' &&
    range.elements.length === 0 &&
    condition.kind === 'literal' &&
    condition.value === false &&
    accuVar !== accumulator
  )
}

/** What an evaluation costs, by upstream's counting. */
export const estimateCost = (checked: Checked, sizes: SizeEstimator): CostEstimate =>
  new Estimator(checked, sizes).cost(checked.expr)
