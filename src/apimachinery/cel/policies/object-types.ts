import { StructValue } from '../values/struct.ts'
import { List, MapValue, type Value } from '../values/value.ts'

/**
 * What is wrong with the types in an object that an expression made: below `Object`, each has the name of the field
 * that it stands in (`Object.spec.template`).
 */
export function objectTypeErrors(value: Value, path = 'Object'): readonly string[] {
  if (value instanceof List) return [...value].flatMap((element) => objectTypeErrors(element, path))
  if (!(value instanceof MapValue)) return []
  const isStruct = value instanceof StructValue
  const name = value.structType?.name
  const own =
    isStruct && name !== path
      ? [
          `unexpected type name "${name}", expected "${path}", which matches field name path from root Object type`,
        ]
      : []
  const below = [...value.keys()].flatMap((key) =>
    objectTypeErrors(value.find(key) ?? null, isStruct ? `${path}.${String(key)}` : path),
  )
  return [...own, ...below]
}
