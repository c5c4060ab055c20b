import type { CelType } from '../types/type.ts'
import { GrowingMap, ValueList } from '../values/collections.ts'
import { formatPlain, formatValue } from '../values/format.ts'
import { StructValue } from '../values/struct.ts'
import { CelError, Optional, type Value } from '../values/value.ts'
import type { Evaluate } from './frame.ts'

/** A list of its elements; the first that is an error is the result, here and below. */
export function listEvaluation(elements: readonly Evaluate[], optionals: ReadonlySet<number>): Evaluate {
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

/** Entries in their order; optional ones without a value are left out. */
export function mapEvaluation(entries: readonly PlannedEntry[]): Evaluate {
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

/** A message, or an object of a declared type. */
export function structEvaluation(type: CelType, fields: readonly PlannedField[]): Evaluate {
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
