import { goValueText } from '../go-text.ts'
import { jsonEqual } from '../json-equal.ts'
import type { JsonValue } from '../meta.ts'
import { directive } from './directives.ts'
import { type Identify, orderItems } from './element-order.ts'
import { PatchError } from './patch-error.ts'
import type { PatchMeta } from './patch-meta.ts'
import { type Fields, goKindOfJson, goTypeOfJson, isFields, isList } from './patch-value.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

export const identifyBy =
  (key: string): Identify =>
  (item) =>
    key === '' || !isFields(item) ? item : item[key]

export const noMergeKey = (item: Fields, key: string): PatchError =>
  new PatchError('internal', `map: ${goValueText(item)} does not contain declared merge key: ${key}`)

/** The kind that all items are of. Throws PatchError where they differ, or are lists. */
export function itemKind(...lists: readonly (readonly JsonValue[])[]): string {
  let first: string | undefined
  let kind = ''
  for (const list of lists) {
    for (const item of list) {
      const type = goTypeOfJson(item)
      if (first === undefined) {
        if (isList(item)) throw new PatchError('inapplicable', 'lists of lists are not supported')
        first = type
        kind = goKindOfJson(item)
      } else if (type !== first) {
        throw new PatchError('internal', `list element types are not identical: ${goValueText(lists)}`)
      }
    }
  }
  if (first === undefined) throw new PatchError('internal', 'no elements in any of the given slices')
  return kind
}

function requireKey(item: Fields, key: string): JsonValue {
  const value = item[key]
  if (value === undefined) throw noMergeKey(item, key)
  return value
}

interface Settled {
  readonly kept: readonly Fields[]
  readonly rest: readonly Fields[]
}

/** Carries out the `$patch` items of a list: deletions from `present`, or its replacement. */
function applySpecials(present: readonly Fields[], patch: readonly Fields[], key: string): Settled {
  let kept = present
  let replace = false
  const rest: Fields[] = []
  for (const item of patch) {
    const marker = item[directive]
    if (marker === undefined) rest.push(item)
    else if (marker === 'delete') {
      const value = requireKey(item, key)
      kept = kept.filter((other) => !jsonEqual(other[key], value))
    } else if (marker === 'replace') replace = true
    else if (marker === 'merge')
      throw new PatchError('internal', 'merging lists cannot yet be specified in the patch')
    else {
      const what = `unknown patch type: ${goValueText(marker)} in map: ${goValueText(item)}`
      throw new PatchError('internal', what)
    }
  }
  return replace ? { kept: rest, rest: [] } : { kept, rest }
}

function mergeMaps(
  present: readonly Fields[],
  patch: readonly Fields[],
  { key, schema }: PatchMeta,
): readonly JsonValue[] {
  const { kept, rest } = applySpecials(present, patch, key)
  const merged = [...kept]
  for (const item of rest) {
    const value = requireKey(item, key)
    const index = merged.findIndex((other) => other[key] !== undefined && jsonEqual(other[key], value))
    const old = merged[index]
    if (old === undefined) merged.push(item)
    else merged[index] = applyStrategicMergePatch(old, item, schema)
  }
  for (const item of merged) requireKey(item, key)
  return orderItems(merged, rest, kept, identifyBy(key))
}

/** Lists of a field whose strategy is `merge`. */
export function mergeLists(
  present: readonly JsonValue[],
  patch: readonly JsonValue[],
  meta: PatchMeta,
): readonly JsonValue[] {
  if (present.length === 0 && patch.length === 0) return present
  if (itemKind(present, patch) !== 'map') {
    const merged = [...new Set([...present, ...patch])]
    return orderItems(merged, patch, present, identifyBy(''))
  }
  if (meta.key === '') throw new PatchError('internal', 'cannot merge lists without merge key for struct')
  return mergeMaps(present.filter(isFields), patch.filter(isFields), meta)
}

/** `present` without the scalars that a `$deleteFromPrimitiveList` names. */
export function deleteFromList(
  present: readonly JsonValue[],
  gone: readonly JsonValue[],
  meta: PatchMeta,
): readonly JsonValue[] {
  if (present.length === 0 && gone.length === 0) return present
  if (itemKind(present, gone) === 'map') return mergeLists(present, gone, meta)
  const named = new Set(gone)
  return present.filter((item) => !named.has(item))
}
