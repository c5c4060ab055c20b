import type { Checked, FunctionReference } from '../check/checked.ts'
import { type CallCost, callCost } from '../cost/call-cost.ts'
import { listCost, mapCost, structCost } from '../cost/sizes.ts'
import type { Overload } from '../library/declare.ts'
import {
  type Call,
  type Comprehension,
  type Expr,
  type ListExpr,
  type MapExpr,
  operators,
  type StructExpr,
} from '../syntax/expr.ts'
import type { CelType } from '../types/type.ts'
import { GrowingMap, ValueList } from '../values/collections.ts'
import { formatPlain, formatValue } from '../values/format.ts'
import { StructValue } from '../values/struct.ts'
import { CelError, Optional, TypeValue, typeOf, type Value } from '../values/value.ts'
import { type Attribute, attributeOf, conditionalAttribute } from './attribute.ts'
import { accumulated, type Fold, runFold } from './fold.ts'
import { type Evaluate, Frame } from './frame.ts'
import { logical, optionalElse } from './logic.ts'
import { membershipOf } from './membership.ts'

/** A node, planned: with its value where that is constant, and as an attribute where steps can be added. */
interface Plan {
  readonly evaluate: Evaluate
  readonly constant?: Value
  readonly attribute?: Attribute
}

/** What cannot be planned: a constant that no value comes of. The message is for the user. */
export class PlanError extends Error {}

const conversions: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'dyn',
  'int',
  'string',
  'timestamp',
  'type',
  'uint',
])

const constantPlan = (value: Value): Plan => ({ evaluate: () => value, constant: value })

const attributePlan = (attribute: Attribute): Plan => ({
  attribute,
  evaluate:
    attribute.ownCost === 0
      ? attribute.resolve
      : (frame) => {
          const value = attribute.resolve(frame)
          frame.charge(1)
          return value
        },
})

const isConstant = (plan: Plan): boolean => plan.constant !== undefined

class Planner {
  readonly #checked: Checked
  /** Places of the comprehensions' variables that are in scope. */
  #locals: ReadonlyMap<string, Evaluate> = new Map()
  #places = 0

  constructor(checked: Checked) {
    this.#checked = checked
  }

  plan(expr: Expr): Plan {
    switch (expr.kind) {
      case 'literal':
        return constantPlan(expr.value)
      case 'ident':
        return this.#variable(expr)
      case 'select': {
        if (this.#checked.references.has(expr)) return this.#variable(expr)
        const operand = this.#attribute(this.plan(expr.operand))
        return attributePlan(operand.with({ key: expr.field, isOptional: false, isTest: expr.testOnly }))
      }
      case 'call':
        return this.#call(expr)
      case 'list':
        return this.#list(expr)
      case 'map':
        return this.#map(expr)
      case 'struct':
        return this.#struct(expr)
      case 'comprehension':
        return this.#comprehension(expr)
    }
  }

  #variable(expr: Expr): Plan {
    const reference = this.#checked.references.get(expr)
    const name = reference?.name ?? ''
    const local = this.#locals.get(name)
    if (local !== undefined) return attributePlan(attributeOf(local))
    const type = this.#checked.types.get(expr)
    if (type?.kind === 'type' && type.parameters[0] !== undefined) {
      return constantPlan(new TypeValue(type.parameters[0]))
    }
    const missing = new CelError(`no such attribute(s): ${name}`)
    return attributePlan(
      attributeOf((frame) => {
        const value = frame.variable(name)
        return value === undefined ? missing : value
      }),
    )
  }

  /** What steps can be added to: the value itself is the base where the node is no attribute. */
  #attribute(plan: Plan): Attribute {
    return plan.attribute ?? attributeOf(plan.evaluate)
  }

  #call(expr: Call): Plan {
    const reference = this.#checked.references.get(expr)
    if (reference?.kind !== 'function') throw new PlanError(`no such overload: ${expr.name}`)
    const operands = reference.isMethod && expr.target !== undefined ? [expr.target, ...expr.args] : expr.args
    const plans = operands.map((operand) => this.plan(operand))
    const special = this.#special(reference, plans)
    if (special !== undefined) return special
    const folded = foldConversion(reference, plans)
    return folded ?? { evaluate: planCall(reference, plans) }
  }

  /** Operators that do not evaluate all their operands, or that are steps into a value. */
  #special(reference: FunctionReference, plans: readonly Plan[]): Plan | undefined {
    const [first, second, third] = plans
    if (first === undefined || second === undefined) return undefined
    switch (reference.name) {
      case operators.and:
      case operators.or:
        return { evaluate: logical(first.evaluate, second.evaluate, reference.name === operators.or) }
      case operators.conditional:
        if (third === undefined) return undefined
        return attributePlan(
          conditionalAttribute(first.evaluate, this.#attribute(second), this.#attribute(third)),
        )
      case operators.index:
        return attributePlan(this.#indexed(first, second, false))
      case operators.optIndex:
      case operators.optSelect:
        return attributePlan(this.#indexed(first, second, true))
      case operators.in:
        return membership(reference, first, second)
      case 'or':
      case 'orValue':
        if (!isOptionalElse(reference)) return undefined
        return { evaluate: optionalElse(first.evaluate, second.evaluate, reference.name === 'or') }
      default:
        return undefined
    }
  }

  #indexed(operand: Plan, index: Plan, isOptional: boolean): Attribute {
    // An attribute as an index is resolved, not evaluated: the step's unit is all that it costs itself.
    const key = index.constant ?? index.attribute?.resolve ?? index.evaluate
    return this.#attribute(operand).with({ key, isOptional, isTest: false })
  }

  #list(expr: ListExpr): Plan {
    const plans = expr.elements.map((element) => this.plan(element))
    const evaluate = listEvaluation(
      plans.map((plan) => plan.evaluate),
      expr.optionals,
    )
    return plans.every(isConstant) ? folded(evaluate) : { evaluate: charged(evaluate, listCost) }
  }

  #map(expr: MapExpr): Plan {
    const entries = expr.entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      optional,
    }))
    const evaluate = mapEvaluation(
      entries.map(({ key, value, optional }) => ({ key: key.evaluate, value: value.evaluate, optional })),
    )
    const isFixed = entries.every(({ key, value }) => isConstant(key) && isConstant(value))
    return isFixed ? folded(evaluate) : { evaluate: charged(evaluate, mapCost) }
  }

  #struct(expr: StructExpr): Plan {
    const type = this.#checked.types.get(expr)
    if (type === undefined) throw new PlanError(`unknown type: ${expr.typeName}`)
    const fields = expr.fields.map(({ name, value, optional }) => ({
      name,
      optional,
      value: this.plan(value).evaluate,
    }))
    return { evaluate: charged(structEvaluation(type, fields), structCost) }
  }

  #comprehension(expr: Comprehension): Plan {
    const range = this.plan(expr.range).evaluate
    const init = this.plan(expr.init).evaluate
    const accuPlace = this.#places++
    const iterPlace = this.#places++
    const iterPlace2 = expr.iterVar2 === undefined ? undefined : this.#places++
    const outer = this.#locals
    const withAccu = new Map(outer).set(expr.accuVar, accumulated(accuPlace, init))
    const inner = new Map(withAccu).set(expr.iterVar, placed(iterPlace))
    if (expr.iterVar2 !== undefined && iterPlace2 !== undefined) inner.set(expr.iterVar2, placed(iterPlace2))
    this.#locals = inner
    const condition = this.plan(expr.condition).evaluate
    const step = this.plan(expr.step).evaluate
    this.#locals = withAccu
    const result = this.plan(expr.result).evaluate
    this.#locals = outer
    const fold: Fold = { range, init, condition, step, result, accuPlace, iterPlace, iterPlace2 }
    return { evaluate: (frame) => runFold(fold, frame) }
  }
}

const placed =
  (place: number): Evaluate =>
  (frame) =>
    frame.locals[place] ?? null

const noVariables = (): Frame => new Frame({}, Number.POSITIVE_INFINITY)

/** A node of constants is a constant. */
function folded(evaluate: Evaluate): Plan {
  return constantPlan(evaluate(noVariables()))
}

const charged =
  (evaluate: Evaluate, cost: number): Evaluate =>
  (frame) => {
    const value = evaluate(frame)
    frame.charge(cost)
    return value
  }

function membership(reference: FunctionReference, value: Plan, list: Plan): Plan | undefined {
  const isInList = reference.overloads.length === 1 && reference.overloads[0]?.id === 'in_list'
  if (!isInList || list.constant === undefined) return undefined
  const contains = membershipOf(list.constant)
  if (contains === undefined) return undefined
  if (contains === 'empty') return constantPlan(false)
  return {
    evaluate: (frame) => {
      const member = value.evaluate(frame)
      return member instanceof CelError ? member : contains(member)
    },
  }
}

const isOptionalElse = (reference: FunctionReference): boolean => {
  const id = reference.overloads.length === 1 ? reference.overloads[0]?.id : undefined
  return id === 'optional_or_optional' || id === 'optional_orValue_value'
}

/** A conversion of a constant is done once; one that fails is an error of the expression. */
function foldConversion(reference: FunctionReference, plans: readonly Plan[]): Plan | undefined {
  const [argument] = plans
  if (plans.length !== 1 || argument?.constant === undefined || !conversions.has(reference.name))
    return undefined
  const value = planCall(reference, plans)(noVariables())
  if (value instanceof CelError) throw new PlanError(value.message)
  return constantPlan(value)
}

function dispatch(name: string, overloads: readonly Overload[], args: readonly Value[]): Value {
  for (const overload of overloads) if (overload.accepts(args)) return overload.run(...args)
  return new CelError(`no such overload: ${name}(${args.map((arg) => typeOf(arg).name).join(', ')})`)
}

/** The implementation for constant arguments, where an overload has one (compiled patterns). */
function runnerOf(reference: FunctionReference, plans: readonly Plan[]): (...args: Value[]) => Value {
  const [overload, ...others] = reference.overloads
  if (overload === undefined || others.length > 0) {
    return (...args) => dispatch(reference.name, reference.overloads, args)
  }
  const prepared = overload.prepare?.(plans.map((plan) => plan.constant))
  if (prepared === undefined) return overload.run
  if ('error' in prepared) throw new PlanError(prepared.error)
  return prepared.run
}

function planCall(reference: FunctionReference, plans: readonly Plan[]): Evaluate {
  const run = runnerOf(reference, plans)
  const id = reference.overloads.length === 1 ? (reference.overloads[0]?.id ?? '') : ''
  const cost = callCost(reference.name, id)
  const [first, second] = plans.map((plan) => plan.evaluate)
  if (reference.name === operators.notStrictlyFalse && first !== undefined) return notStrictlyFalse(first)
  if (first !== undefined && plans.length === 1) return unary(first, run, cost)
  if (first !== undefined && second !== undefined && plans.length === 2)
    return binary(first, second, run, cost)
  return variadic(
    plans.map((plan) => plan.evaluate),
    run,
    cost,
  )
}

const notStrictlyFalse =
  (argument: Evaluate): Evaluate =>
  (frame) => {
    const value = argument(frame)
    frame.charge(1)
    return value !== false
  }

type Run = (...args: Value[]) => Value

function unary(argument: Evaluate, run: Run, cost: CallCost): Evaluate {
  if (typeof cost === 'number') {
    return (frame) => {
      const value = argument(frame)
      const result = value instanceof CelError ? value : run(value)
      frame.charge(cost)
      return result
    }
  }
  return (frame) => {
    const value = argument(frame)
    const result = value instanceof CelError ? value : run(value)
    frame.charge(cost([value], result))
    return result
  }
}

const applied = (left: Value, right: Value, run: Run): Value => {
  if (left instanceof CelError) return left
  return right instanceof CelError ? right : run(left, right)
}

function binary(first: Evaluate, second: Evaluate, run: Run, cost: CallCost): Evaluate {
  if (typeof cost === 'number') {
    return (frame) => {
      const result = applied(first(frame), second(frame), run)
      frame.charge(cost)
      return result
    }
  }
  return (frame) => {
    const left = first(frame)
    const right = second(frame)
    const result = applied(left, right, run)
    frame.charge(cost([left, right], result))
    return result
  }
}

function variadic(evaluations: readonly Evaluate[], run: Run, cost: CallCost): Evaluate {
  return (frame) => {
    const args: Value[] = []
    for (const evaluate of evaluations) {
      const value = evaluate(frame)
      if (value instanceof CelError) return value
      args.push(value)
    }
    const result = run(...args)
    frame.charge(typeof cost === 'number' ? cost : cost(args, result))
    return result
  }
}

function listEvaluation(elements: readonly Evaluate[], optionals: ReadonlySet<number>): Evaluate {
  return (frame) => {
    const values: Value[] = []
    for (const [index, element] of elements.entries()) {
      const value = element(frame)
      if (value instanceof CelError) return value
      if (!optionals.has(index)) values.push(value)
      else if (!(value instanceof Optional)) {
        return new CelError(
          `cannot initialize optional list element from non-optional value ${formatPlain(value)}`,
        )
      } else if (value.value !== undefined) values.push(value.value)
    }
    return new ValueList(values)
  }
}

interface PlannedEntry {
  readonly key: Evaluate
  readonly value: Evaluate
  readonly optional: boolean
}

const notOptional = (key: string, value: Value): CelError =>
  new CelError(`cannot initialize optional entry '${key}' from non-optional value ${formatValue(value)}`)

function mapEvaluation(entries: readonly PlannedEntry[]): Evaluate {
  return (frame) => {
    const map = new GrowingMap()
    for (const { key: evaluateKey, value: evaluate, optional } of entries) {
      const key = evaluateKey(frame)
      if (key instanceof CelError) return key
      const value = evaluate(frame)
      if (value instanceof CelError) return value
      if (optional && !(value instanceof Optional)) return notOptional(formatPlain(key), value)
      const held = optional && value instanceof Optional ? value.value : value
      if (held === undefined) {
        map.delete(key)
        continue
      }
      const error = map.set(key, held)
      if (error !== undefined) return error
    }
    return map.finish()
  }
}

interface PlannedField {
  readonly name: string
  readonly value: Evaluate
  readonly optional: boolean
}

function structEvaluation(type: CelType, fields: readonly PlannedField[]): Evaluate {
  return (frame) => {
    const values = new Map<string, Value>()
    for (const { name, value: evaluate, optional } of fields) {
      const value = evaluate(frame)
      if (value instanceof CelError) return value
      if (optional && !(value instanceof Optional)) return notOptional(name, value)
      const held = optional && value instanceof Optional ? value.value : value
      if (held === undefined) values.delete(name)
      else values.set(name, held)
    }
    return new StructValue(type, values)
  }
}

/** An expression as a closure. Throws PlanError. */
export const plan = (checked: Checked): Evaluate => new Planner(checked).plan(checked.expr).evaluate
