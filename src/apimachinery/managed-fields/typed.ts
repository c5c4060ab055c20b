import { jsonText } from '../../base/json-text.ts'
import type { JsonValue } from '../meta.ts'
import type { Schema } from '../schema.ts'

/**
 * How structured merge sees a value: a map or an associative list whose parts have owners of their own, or a
 * leaf (scalars, atomic maps and lists, null). Follows structured-merge-diff's schema of Kubernetes types.
 */
export type Shape = 'map' | 'list' | 'leaf'

export type Fields = { readonly [key: string]: JsonValue }

/** Where nothing is known: maps are granular, lists atomic. */
const deduced: Schema = { preserveUnknownFields: true }

/** Any JSON within a built-in type has one owner. */
const untyped: readonly (string | undefined)[] = [
  'io.k8s.apimachinery.pkg.runtime.RawExtension',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
]

export const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function shapeOf(value: unknown, schema: Schema): Shape {
  if (typeof value !== 'object' || value === null) return 'leaf'
  if (Array.isArray(value)) return schema.listType === 'set' || schema.listType === 'map' ? 'list' : 'leaf'
  if (schema.mapType === 'atomic' || schema.format === 'fields-v1' || untyped.includes(schema.name))
    return 'leaf'
  return 'map'
}

/** True for a declared field, false for a key of a map. */
export function isDeclaredField(schema: Schema, key: string): boolean {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, key)
}

export function fieldSchema(schema: Schema, key: string): Schema {
  const declared = schema.properties
  if (declared !== undefined && Object.hasOwn(declared, key)) return declared[key] ?? deduced
  const additional = schema.additionalProperties
  return additional === undefined || additional === true ? deduced : additional
}

export const itemSchema = (schema: Schema): Schema => schema.items ?? deduced

/** An error that a client can mend: duplicate or missing keys of an associative list. */
export class TypedError extends Error {
  override readonly name = 'TypedError'
}

/** What a key that an item leaves out counts as; a field that Go's type always shows has its zero value. */
function keyDefault(schema: Schema): JsonValue | undefined {
  if (schema.default !== undefined || schema.presence !== 'always') return schema.default
  if (schema.type === 'string') return ''
  if (schema.type === 'boolean') return false
  return schema.type === 'integer' || schema.type === 'number' ? 0 : undefined
}

/** A list of texts as Go's `%q` prints it. */
const quotedList = (names: readonly string[]): string =>
  `[${names.map((name) => JSON.stringify(name)).join(' ')}]`

function setElement(item: unknown): string {
  if (Array.isArray(item)) throw new TypedError('not supported: associative list with lists as elements')
  if (isMap(item)) throw new TypedError("associative list without keys has an element that's a map type")
  if (item === null)
    throw new TypedError("associative list without keys has an element that's an explicit null")
  return `v:${jsonText(item)}`
}

/** The path element of a list's item: `k:{…}` in a list of maps, `v:…` in a set. */
export function itemElement(item: unknown, schema: Schema): string {
  if (schema.listType !== 'map') return setElement(item)
  if (item === null) throw new TypedError('associative list with keys may not have a null element')
  if (!isMap(item)) throw new TypedError('associative list with keys may not have non-map elements')
  const names = schema.listMapKeys ?? []
  const key: Record<string, unknown> = {}
  let found = false
  for (const name of [...names].sort()) {
    const value = item[name] ?? keyDefault(fieldSchema(itemSchema(schema), name))
    if (value === undefined || value === null) continue
    key[name] = value
    found = true
  }
  if (!found) {
    throw new TypedError(
      `associative list with keys has an element that omits all key fields ${quotedList(names)} (and doesn't have default values for any key fields)`,
    )
  }
  return `k:${JSON.stringify(key)}`
}

/** A list's items by element; several items under one element make a group of their own. */
export interface ListIndex {
  readonly elements: readonly string[]
  readonly items: ReadonlyMap<string, readonly JsonValue[]>
}

export function indexList(list: readonly JsonValue[], schema: Schema): ListIndex {
  const elements: string[] = []
  const items = new Map<string, JsonValue[]>()
  for (const item of list) {
    const element = itemElement(item, schema)
    const group = items.get(element)
    if (group) group.push(item)
    else items.set(element, [item])
    elements.push(element)
  }
  return { elements, items }
}
