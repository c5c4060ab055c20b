import { jsonEqual } from '../json-equal.ts'
import { type Fields, fieldSchema, isMap } from '../managed-fields/typed.ts'
import type { JsonValue } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { type Identify, orderItems } from './element-order.ts'
import { PatchError } from './patch-error.ts'

const directive = '$patch'
const retainKeys = '$retainKeys'
const deletePrefix = '$deleteFromPrimitiveList/'
const orderPrefix = '$setElementOrder/'

const isDirective = (key: string): boolean =>
  key === directive || key === retainKeys || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)

function strategyOf(schema: Schema): {
  readonly merge: boolean
  readonly replace: boolean
  readonly key: string
} {
  const strategies = schema.patchStrategy?.split(',') ?? []
  return {
    merge: strategies.includes('merge'),
    replace: strategies.includes('replace'),
    key: schema.patchMergeKey ?? '',
  }
}

/** A patch's value as it stands where there was nothing: without nulls and directives. undefined: it was only a directive. */
function plain(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).flatMap((item) => {
      const kept = plain(item)
      return kept === undefined ? [] : [kept]
    })
  }
  if (!isMap(value)) return value
  if (value[directive] !== undefined && Object.keys(value).length === 1) return undefined
  if (value[directive] === 'delete') return undefined
  const copy: Record<string, JsonValue> = {}
  for (const [key, child] of Object.entries(value)) {
    if (child === null || isDirective(key)) continue
    const kept = plain(child)
    if (kept !== undefined) copy[key] = kept
  }
  return copy
}

/**
 * Strategic merge patch: `$patch`, `$retainKeys`, `$deleteFromPrimitiveList`, `$setElementOrder`, and lists
 * merged by the keys that `schema` declares. `document` is not changed. Throws PatchError with upstream's words.
 */
export function applyStrategicMergePatch(document: Fields, patch: Fields, schema: Schema): Fields {
  const marker = patch[directive]
  if (marker !== undefined) {
    if (marker === 'replace') {
      const { [directive]: _marker, ...rest } = patch
      return rest
    }
    if (marker === 'delete') return {}
    throw new PatchError(`unknown patch type: ${String(marker)} in map: ${JSON.stringify(patch)}`)
  }
  const merged: Record<string, JsonValue> = { ...document }
  retain(merged, patch)
  const settled = new Set<string>()
  for (const key in patch) {
    if (key.startsWith(orderPrefix)) settled.add(mergeOrdered(merged, patch, key, schema))
  }
  for (const key in patch) {
    const value = patch[key]
    if (value === undefined || key === retainKeys || key.startsWith(orderPrefix) || settled.has(key)) continue
    if (key.startsWith(deletePrefix)) deleteFrom(merged, key.slice(deletePrefix.length), value)
    else mergeField(merged, key, value, fieldSchema(schema, key))
  }
  return merged
}

function retain(merged: Record<string, JsonValue>, patch: Fields): void {
  const list = patch[retainKeys]
  if (list === undefined) return
  const kept = new Set(Array.isArray(list) ? (list as readonly JsonValue[]) : undefined)
  const broken = Object.entries(patch).some(
    ([key, value]) => value !== null && !isDirective(key) && !kept.has(key),
  )
  if (!Array.isArray(list) || broken) throw new PatchError('invalid patch format of retainKeys')
  for (const key of Object.keys(merged)) if (!kept.has(key)) delete merged[key]
}

function mergeField(merged: Record<string, JsonValue>, key: string, value: JsonValue, schema: Schema): void {
  const present = merged[key]
  if (value === null) {
    delete merged[key]
    return
  }
  const strategy = strategyOf(schema)
  if (isMap(present) && isMap(value)) {
    merged[key] = strategy.replace ? value : applyStrategicMergePatch(present, value, schema)
  } else if (Array.isArray(present) && Array.isArray(value)) {
    merged[key] = strategy.merge ? mergeLists(present, value, schema) : value
  } else {
    const kept = plain(value)
    if (kept === undefined) delete merged[key]
    else merged[key] = kept
  }
}

function deleteFrom(merged: Record<string, JsonValue>, key: string, items: JsonValue): void {
  const present = merged[key]
  if (!Array.isArray(present)) return
  if (!Array.isArray(items)) throw new PatchError('invalid patch format of primitive list')
  const gone: readonly JsonValue[] = items
  merged[key] = (present as readonly JsonValue[]).filter(
    (item) => !gone.some((other) => jsonEqual(item, other)),
  )
}

function identifyBy(key: string): Identify {
  return (item) => {
    if (key === '' || !isMap(item)) return item
    return item[key]
  }
}

function requireKey(item: JsonValue, key: string): JsonValue {
  const value = isMap(item) ? item[key] : undefined
  if (value === undefined)
    throw new PatchError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
  return value
}

const isMapList = (...lists: readonly (readonly JsonValue[])[]): boolean =>
  lists.some((list) => list.some(isMap))

/** Carries out the `$patch` items of a list: deletions from `present`, or its replacement. */
function applySpecials(
  present: readonly JsonValue[],
  patch: readonly JsonValue[],
  key: string,
): [readonly JsonValue[], readonly JsonValue[], boolean] {
  let kept = present
  let replace = false
  const rest: JsonValue[] = []
  for (const item of patch) {
    const marker = isMap(item) ? item[directive] : undefined
    if (marker === undefined) rest.push(item)
    else if (marker === 'delete') {
      const value = requireKey(item, key)
      kept = kept.filter((other) => !isMap(other) || !jsonEqual(other[key], value))
    } else if (marker === 'replace') replace = true
    else if (marker === 'merge') throw new PatchError('merging lists cannot yet be specified in the patch')
    else throw new PatchError(`unknown patch type: ${String(marker)} in map: ${JSON.stringify(item)}`)
  }
  return [kept, rest, replace]
}

function mergeLists(
  present: readonly JsonValue[],
  patch: readonly JsonValue[],
  schema: Schema,
): readonly JsonValue[] {
  if (present.length === 0 && patch.length === 0) return present
  if (!isMapList(present, patch)) {
    const merged = [...new Set([...present, ...patch])]
    return orderItems(merged, patch, present, identifyBy(''))
  }
  const { key } = strategyOf(schema)
  if (key === '')
    throw new PatchError(`cannot merge lists without merge key for ${schema.items?.name ?? 'the list'}`)
  const [kept, rest, replace] = applySpecials(present, patch, key)
  if (replace) return rest
  const merged = [...kept]
  for (const item of rest) {
    const value = requireKey(item, key)
    const index = merged.findIndex((other) => isMap(other) && jsonEqual(other[key], value))
    const old = merged[index]
    if (isMap(old) && isMap(item)) merged[index] = applyStrategicMergePatch(old, item, schema.items ?? {})
    else merged.push(plain(item) ?? item)
  }
  return orderItems(merged, rest, kept, identifyBy(key))
}

/** Merges the list that a `$setElementOrder` belongs to, and orders it; returns the list's field. */
function mergeOrdered(merged: Record<string, JsonValue>, patch: Fields, key: string, schema: Schema): string {
  const field = key.slice(orderPrefix.length)
  const [order, present, change] = [patch[key], merged[field], patch[field]]
  if (!Array.isArray(order)) throw new PatchError('invalid patch format of setElementOrder list')
  if (present === undefined && change === undefined) return field
  if (
    (present !== undefined && !Array.isArray(present)) ||
    (change !== undefined && !Array.isArray(change))
  ) {
    if (change === undefined || change === null) {
      if (change === null) delete merged[field]
      return field
    }
    throw new PatchError(`expected a list for ${field}`)
  }
  const listSchema = fieldSchema(schema, field)
  const identify = identifyBy(strategyOf(listSchema).key)
  const items: readonly JsonValue[] = change ?? []
  checkOrder(items, order, identify)
  const before: readonly JsonValue[] = present ?? []
  const after =
    change === undefined
      ? before
      : present === undefined
        ? (plain(change) as readonly JsonValue[])
        : mergeChange(before, items, listSchema)
  merged[field] = orderItems(after, order, before, identify)
  return field
}

const mergeChange = (
  before: readonly JsonValue[],
  items: readonly JsonValue[],
  schema: Schema,
): readonly JsonValue[] => (strategyOf(schema).merge ? mergeLists(before, items, schema) : items)

/** Every item of the patch, but deletions, must stand in the order list, in the same order. */
function checkOrder(items: readonly JsonValue[], order: readonly JsonValue[], identify: Identify): void {
  const wanted = items.filter((item) => !isMap(item) || item[directive] === undefined)
  let next = 0
  for (const item of wanted) {
    while (next < order.length && !jsonEqual(identify(order[next] ?? null), identify(item))) next++
    if (next === order.length) {
      throw new PatchError(
        `The order in patch list:\n${JSON.stringify(items)}\n doesn't match ${orderPrefix.slice(0, -1)} list:\n${JSON.stringify(order)}\n`,
      )
    }
  }
}
