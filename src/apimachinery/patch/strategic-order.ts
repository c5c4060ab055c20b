import { goValueText } from '../go-text.ts'
import { jsonEqual } from '../json-equal.ts'
import type { JsonValue } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { directive, orderPrefix, withoutDirectives } from './directives.ts'
import { orderItems } from './element-order.ts'
import { PatchError } from './patch-error.ts'
import { itemsMeta } from './patch-meta.ts'
import { type Fields, goTypeOfJson, isFields, isList } from './patch-value.ts'
import { identifyBy, itemKind, mergeLists, noMergeKey } from './strategic-lists.ts'

function requireList(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  if (value === undefined || isList(value)) return value
  const received = goTypeOfJson(value)
  throw new PatchError('internal', `expected a []interface {}, but received a ${received}`)
}

function keyOf(item: JsonValue, key: string): JsonValue {
  if (key === '') return item
  if (!isFields(item)) {
    const received = goTypeOfJson(item)
    throw new PatchError('internal', `expected a map[string]interface {}, but received a ${received}`)
  }
  const value = item[key]
  if (value === undefined) throw noMergeKey(item, key)
  return value
}

/** Every item of the patch, but those with directives, must stand in the order list, in the same order. */
function checkOrder(items: readonly JsonValue[], order: readonly JsonValue[], key: string): void {
  if (items.length === 0 || order.length === 0) return
  const wanted = items.filter((item) => !isFields(item) || item[directive] === undefined)
  let next = 0
  let found = 0
  for (; found < wanted.length && next < order.length; next++) {
    if (jsonEqual(keyOf(order[next] ?? null, key), keyOf(wanted[found] ?? null, key))) found++
  }
  if (found < wanted.length) {
    throw new PatchError(
      'internal',
      `The order in patch list:\n${goValueText(items)}\n doesn't match ${orderPrefix} list:\n${goValueText(order)}\n`,
    )
  }
}

function mergeOrdered(merged: Record<string, JsonValue>, patch: Fields, key: string, schema: Schema): string {
  const order = requireList(patch[key]) ?? []
  if (!key.startsWith(`${orderPrefix}/`))
    throw new PatchError('malformed', 'invalid patch format of setElementOrder list')
  const field = key.slice(orderPrefix.length + 1)
  const before = requireList(merged[field])
  const change = requireList(patch[field])
  const meta = itemsMeta(schema, field)
  checkOrder(change ?? [], order, meta.key)
  if (before === undefined && change === undefined) return field
  let after: readonly JsonValue[] = before ?? []
  if (change !== undefined) {
    const added = withoutDirectives(change)
    if (before !== undefined) after = meta.merge ? mergeLists(before, change, meta) : change
    else if (isList(added)) after = added
  }
  itemKind(before ?? [], change ?? [])
  merged[field] = orderItems(after, order, before ?? [], identifyBy(meta.key))
  return field
}

/** Merges and orders the lists for which a patch has a `$setElementOrder`; gives their fields. */
export function mergeOrderedLists(
  merged: Record<string, JsonValue>,
  patch: Fields,
  schema: Schema,
): ReadonlySet<string> {
  const settled = new Set<string>()
  for (const key in patch)
    if (key.startsWith(orderPrefix)) settled.add(mergeOrdered(merged, patch, key, schema))
  return settled
}
