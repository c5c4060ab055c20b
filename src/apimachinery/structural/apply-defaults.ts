import { isList, isObject } from './json-schema.ts'
import { changedItems } from './prune.ts'
import type { StructuralSchema } from './structural-schema.ts'

const isReplaced = (value: unknown, schema: StructuralSchema | undefined): schema is StructuralSchema =>
  value === null && schema !== undefined && !schema.nullable

/** Upstream gives null where an item that may not be null has no default. */
const defaultOf = (schema: StructuralSchema): unknown => schema.json.default ?? null

/** Fills defaults in, also those of defaults; shares what stays, and the defaults themselves. */
export function applyDefaults(value: unknown, schema: StructuralSchema | undefined): unknown {
  if (schema === undefined) return value
  if (isObject(value)) return defaultFields(value, schema)
  if (!isList(value)) return value
  return changedItems(value, (item) => {
    const { items } = schema
    return applyDefaults(isReplaced(item, items) ? defaultOf(items) : item, items)
  })
}

function defaultFields(
  value: Readonly<Record<string, unknown>>,
  schema: StructuralSchema,
): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined
  const set = (key: string, member: unknown): void => {
    copy ??= { ...value }
    copy[key] = member
  }
  for (const [key, property] of schema.properties) {
    if (!property.hasDefault) continue
    if (!Object.hasOwn(value, key) || isReplaced(value[key], property)) set(key, property.json.default)
  }
  const { additional } = schema
  for (const key of Object.keys(copy ?? value)) {
    const declared = schema.properties.get(key)
    const given = (copy ?? value)[key]
    const inner = declared ?? additional?.schema
    if (inner === undefined) continue
    const replaced = declared === undefined && isReplaced(given, inner) ? defaultOf(inner) : given
    const filled = applyDefaults(replaced, inner)
    if (filled !== given) set(key, filled)
  }
  return copy ?? value
}
