import { goValueText } from '../go-text.ts'
import type { JsonValue } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { deletePrefix, directive, orderPrefix, retainKeys, withoutDirectives } from './directives.ts'
import { withoutNulls } from './merge-patch.ts'
import { PatchError } from './patch-error.ts'
import { fieldMeta, itemsMeta } from './patch-meta.ts'
import { type Fields, goTypeOfJson, isFields, isList } from './patch-value.ts'
import { deleteFromList, mergeLists } from './strategic-lists.ts'
import { mergeOrderedLists } from './strategic-order.ts'

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
    throw new PatchError(
      'internal',
      `unknown patch type: ${goValueText(marker)} in map: ${goValueText(patch)}`,
    )
  }
  const merged: Record<string, JsonValue> = { ...document }
  retain(merged, patch)
  const settled = mergeOrderedLists(merged, patch, schema)
  for (const key in patch) {
    const value = patch[key]
    if (value === undefined || key === retainKeys || key.startsWith(orderPrefix) || settled.has(key)) continue
    if (key.startsWith(deletePrefix)) deleteFrom(merged, key, value, schema)
    else mergeField(merged, key, value, schema)
  }
  return merged
}

function retain(merged: Record<string, JsonValue>, patch: Fields): void {
  const list = patch[retainKeys]
  if (list === undefined) return
  if (!isList(list)) throw new PatchError('malformed', 'invalid patch format of retainKeys')
  const kept = new Set<unknown>(list)
  for (const key in patch) {
    const free = key === retainKeys || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)
    if (patch[key] !== null && !free && !kept.has(key))
      throw new PatchError('malformed', 'invalid patch format of retainKeys')
  }
  for (const key of Object.keys(merged)) if (!kept.has(key)) delete merged[key]
}

function mergeField(merged: Record<string, JsonValue>, key: string, value: JsonValue, schema: Schema): void {
  const present = merged[key]
  if (value === null) {
    delete merged[key]
    return
  }
  if (isFields(present) && isFields(value)) {
    const meta = fieldMeta(schema, key)
    merged[key] = meta.replace ? value : applyStrategicMergePatch(present, value, meta.schema)
    return
  }
  if (isList(present) && isList(value)) {
    const meta = itemsMeta(schema, key)
    merged[key] = meta.merge ? mergeLists(present, value, meta) : value
    return
  }
  const sameType = present !== undefined && goTypeOfJson(present) === goTypeOfJson(value)
  const kept = withoutDirectives(sameType ? value : withoutNulls(value))
  if (kept === undefined) delete merged[key]
  else merged[key] = kept
}

/** `$deleteFromPrimitiveList/<field>`; what is no list, on either side, stays. */
function deleteFrom(merged: Record<string, JsonValue>, key: string, items: JsonValue, schema: Schema): void {
  if (!key.startsWith(`${deletePrefix}/`))
    throw new PatchError('malformed', 'invalid patch format of primitive list')
  const field = key.slice(deletePrefix.length + 1)
  const present = merged[field]
  if (items === null) delete merged[field]
  else if (isList(present) && isList(items))
    merged[field] = deleteFromList(present, items, itemsMeta(schema, field))
}
