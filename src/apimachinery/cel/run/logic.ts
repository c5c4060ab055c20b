import { CelError, Optional, type Value } from '../values/value.ts'
import type { Evaluate } from './frame.ts'

const asError = (value: Value): CelError =>
  value instanceof CelError ? value : new CelError('no such overload')

/** `&&` (`absorbing` false) and `||` (true): an error counts only if no operand decides. */
export function logical(left: Evaluate, right: Evaluate, absorbing: boolean): Evaluate {
  return (frame) => {
    const first = left(frame)
    if (first === absorbing) return absorbing
    const second = right(frame)
    if (second === absorbing) return absorbing
    if (typeof first !== 'boolean') return asError(first)
    return typeof second === 'boolean' ? !absorbing : asError(second)
  }
}

/** `or` and `orValue` of an optional look at their argument only where there is no value. */
export function optionalElse(left: Evaluate, right: Evaluate, keepsOptional: boolean): Evaluate {
  return (frame) => {
    const first = left(frame)
    if (!(first instanceof Optional)) return first
    if (first.value === undefined) return right(frame)
    return keepsOptional ? first : first.value
  }
}
