import type { FunctionReference } from '../check/checked.ts'
import { type CallCost, callCost } from '../cost/call-cost.ts'
import type { Overload } from '../library/declare.ts'
import { operators } from '../syntax/expr.ts'
import { CelError, typeOf, type Value } from '../values/value.ts'
import type { Evaluate } from './frame.ts'
import { type Plan, PlanError } from './plan.ts'

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

/** A call of a function that evaluates all its operands: the first that is an error is its result. Throws PlanError. */
export function planCall(reference: FunctionReference, plans: readonly Plan[]): Evaluate {
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
