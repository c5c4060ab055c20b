import { CelError, none, Optional, type Value } from '../values/value.ts'
import type { Evaluate, Frame } from './frame.ts'
import { lookUp, qualify } from './qualify.ts'

/** One step into a value: `.field`, `[index]`, and their optional forms. */
export interface Qualifier {
  /** A constant, or what computes the key (and charges for that). */
  readonly key: Value | Evaluate
  readonly isOptional: boolean
  /** `has()`: whether the step can be taken. */
  readonly isTest: boolean
}

/**
 * A variable or value with steps into it. It charges one unit for each step; who evaluates it as a whole charges
 * one more, which a branch of a conditional does not, as upstream counts.
 */
export interface Attribute {
  readonly resolve: Evaluate
  readonly qualifiers: readonly Qualifier[]
  /** What an evaluation of the whole costs beyond its steps. */
  readonly ownCost: 0 | 1
  with(qualifier: Qualifier): Attribute
}

const keyOf = (qualifier: Qualifier, frame: Frame): Value =>
  typeof qualifier.key === 'function' ? qualifier.key(frame) : qualifier.key

/** A step into what may not be there; undefined if it is not. */
function stepIfPresent(value: Value, qualifier: Qualifier, frame: Frame): Value | undefined {
  const key = keyOf(qualifier, frame)
  if (key instanceof CelError) return key
  const found = lookUp(value, key)
  if (found !== undefined || qualifier.isTest) frame.charge(1)
  return found
}

function step(value: Value, qualifier: Qualifier, frame: Frame): Value {
  const key = keyOf(qualifier, frame)
  frame.charge(1)
  if (key instanceof CelError) return key
  if (!qualifier.isTest) return qualify(value, key)
  const found = lookUp(value, key)
  return found instanceof CelError ? found : found !== undefined
}

/** Steps from the inside of an optional value: the result is optional. */
function applyOptionally(value: Value, qualifiers: readonly Qualifier[], from: number, frame: Frame): Value {
  let current = value
  for (let index = from; index < qualifiers.length; index++) {
    const qualifier = qualifiers[index]
    if (qualifier === undefined) break
    const found = stepIfPresent(current, qualifier, frame)
    if (found === undefined) return isTested(qualifiers) ? false : none
    if (found instanceof CelError) return found
    if (qualifier.isTest) return true
    current = found
  }
  return new Optional(current)
}

function applyQualifiers(start: Value, qualifiers: readonly Qualifier[], frame: Frame): Value {
  let value = start
  for (let index = 0; index < qualifiers.length; index++) {
    const qualifier = qualifiers[index]
    if (qualifier === undefined || value instanceof CelError) return value
    if (index === 0 && value instanceof Optional) {
      if (value.value === undefined) return isTested(qualifiers) ? false : value
      return applyOptionally(value.value, qualifiers, 0, frame)
    }
    if (qualifier.isOptional) return applyOptionally(value, qualifiers, index, frame)
    value = step(value, qualifier, frame)
  }
  return value
}

const isTested = (qualifiers: readonly Qualifier[]): boolean => qualifiers.at(-1)?.isTest === true

/** Steps into what `base` gives. */
export function attributeOf(base: Evaluate, qualifiers: readonly Qualifier[] = []): Attribute {
  return {
    qualifiers,
    ownCost: isTested(qualifiers) ? 0 : 1,
    resolve: qualifiers.length === 0 ? base : (frame) => applyQualifiers(base(frame), qualifiers, frame),
    with: (qualifier) => attributeOf(base, [...qualifiers, qualifier]),
  }
}

/** Steps into one of two attributes. */
export function conditionalAttribute(
  condition: Evaluate,
  whenTrue: Attribute,
  whenFalse: Attribute,
): Attribute {
  return {
    qualifiers: [],
    ownCost: 0,
    resolve: (frame) => {
      const holds = condition(frame)
      if (holds === true) return whenTrue.resolve(frame)
      if (holds === false) return whenFalse.resolve(frame)
      return holds instanceof CelError ? holds : new CelError('no such overload')
    },
    with: (qualifier) => conditionalAttribute(condition, whenTrue.with(qualifier), whenFalse.with(qualifier)),
  }
}
