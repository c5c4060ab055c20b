import { GrowingList, GrowingMap } from '../values/collections.ts'
import { CelError, List, MapValue, type Value } from '../values/value.ts'
import type { Evaluate, Frame } from './frame.ts'

/** A comprehension, planned. The places are those of its variables among the locals. */
export interface Fold {
  readonly range: Evaluate
  readonly init: Evaluate
  readonly condition: Evaluate
  readonly step: Evaluate
  readonly result: Evaluate
  readonly accuPlace: number
  readonly iterPlace: number
  /** Of the second variable, in the forms that have one. */
  readonly iterPlace2: number | undefined
}

/** What an accumulator starts with: empty collections are made to grow. */
function startOf(init: Value): Value {
  if (init instanceof List && init.size === 0) return new GrowingList()
  return init instanceof MapValue && init.size === 0 ? new GrowingMap() : init
}

function finish(value: Value): Value {
  return value instanceof GrowingList || value instanceof GrowingMap ? value.finish() : value
}

/** The accumulator's value; it is computed once it is looked at. */
export const accumulated =
  (place: number, init: Evaluate): Evaluate =>
  (frame) => {
    const known = frame.locals[place]
    if (known !== undefined) return known
    const value = startOf(init(frame))
    frame.locals[place] = value
    return value
  }

/** One turn; false ends the loop. */
function turn(fold: Fold, frame: Frame, first: Value, second: Value | undefined): boolean {
  frame.locals[fold.iterPlace] = first
  if (fold.iterPlace2 !== undefined) frame.locals[fold.iterPlace2] = second
  if (fold.condition(frame) === false) return false
  frame.locals[fold.accuPlace] = fold.step(frame)
  return true
}

function overList(fold: Fold, frame: Frame, list: List): void {
  const size = list.size
  for (let index = 0; index < size; index++) {
    const element = list.at(index)
    const goesOn =
      fold.iterPlace2 === undefined
        ? turn(fold, frame, element, undefined)
        : turn(fold, frame, index, element)
    if (!goesOn) return
  }
}

function overMap(fold: Fold, frame: Frame, map: MapValue): void {
  for (const key of map.keys()) {
    const value = fold.iterPlace2 === undefined ? undefined : (map.find(key) ?? null)
    if (!turn(fold, frame, key, value)) return
  }
}

export function runFold(fold: Fold, frame: Frame): Value {
  const range = fold.range(frame)
  if (range instanceof CelError) return range
  const outer = frame.locals[fold.accuPlace]
  frame.locals[fold.accuPlace] = undefined
  if (range instanceof List) overList(fold, frame, range)
  else if (range instanceof MapValue) overMap(fold, frame, range)
  else return new CelError('expected iterable type')
  const result = finish(fold.result(frame))
  frame.locals[fold.accuPlace] = outer
  return result
}
