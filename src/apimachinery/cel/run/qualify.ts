import { formatPlain } from '../values/format.ts'
import {
  CelError,
  Double,
  type Int,
  isInt,
  List,
  MapValue,
  typeOf,
  Uint,
  type Value,
} from '../values/value.ts'

/** A place in a list, or why the value is none. */
function indexOf(key: Value): Int | CelError {
  if (isInt(key)) return key
  if (key instanceof Uint) return key.value
  if (key instanceof Double) {
    return Number.isSafeInteger(key.value)
      ? key.value
      : new CelError(`unsupported index value ${key.value} in list`)
  }
  return new CelError(`unsupported index type '${typeOf(key).name}' in list`)
}

/** What stands under a key or index; undefined if nothing does. */
export function lookUp(container: Value, key: Value): Value | undefined {
  if (container instanceof MapValue) return container.find(key)
  if (container instanceof CelError) return container
  if (!(container instanceof List)) return undefined
  const index = indexOf(key)
  if (typeof index !== 'number') return index instanceof CelError ? index : undefined
  return index >= 0 && index < container.size ? container.at(index) : undefined
}

/** `container[key]` or `container.key`. */
export function qualify(container: Value, key: Value): Value {
  const found = lookUp(container, key)
  if (found !== undefined) return found
  return new CelError(
    container instanceof List
      ? `index out of bounds: ${formatPlain(key)}`
      : `no such key: ${formatPlain(key)}`,
  )
}
