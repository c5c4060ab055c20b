import type { Checked, FunctionReference } from '../check/checked.ts'
import { listCost, mapCost, structCost } from '../cost/sizes.ts'
import {
  type Call,
  type Comprehension,
  type Expr,
  type ListExpr,
  type MapExpr,
  operators,
  type StructExpr,
} from '../syntax/expr.ts'
import { CelError, TypeValue } from '../values/value.ts'
import { type Attribute, attributeOf, conditionalAttribute } from './attribute.ts'
import { listEvaluation, mapEvaluation, structEvaluation } from './construct.ts'
import { accumulated, type Fold, runFold } from './fold.ts'
import { type Evaluate, Frame } from './frame.ts'
import { logical, optionalElse } from './logic.ts'
import { membershipOf } from './membership.ts'
import { attributePlan, constantPlan, isConstant, type Plan, PlanError } from './plan.ts'
import { planCall } from './plan-call.ts'

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

/** An expression as a closure. Throws PlanError. */
export const plan = (checked: Checked): Evaluate => new Planner(checked).plan(checked.expr).evaluate
