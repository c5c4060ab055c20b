import type { JsonValue } from '../meta.ts'
import { isFields, isList } from './patch-value.ts'

/** A patch's value as it stands where there was no object to merge it with: without null members. */
export function withoutNulls(value: JsonValue): JsonValue {
  if (isList(value)) return value.some((item) => typeof item === 'object') ? value.map(withoutNulls) : value
  if (!isFields(value)) return value
  const kept: Record<string, JsonValue> = {}
  for (const key in value) {
    const member = value[key]
    if (member !== null && member !== undefined) kept[key] = withoutNulls(member)
  }
  return kept
}

/** JSON merge patch, RFC 7386. `document` is not changed; what the patch leaves alone is shared. */
export function applyMergePatch(document: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isFields(document)) return withoutNulls(patch)
  if (!isFields(patch)) return patch
  const merged: Record<string, JsonValue> = { ...document }
  for (const key in patch) {
    const value = patch[key]
    if (value === undefined) continue
    if (value === null) delete merged[key]
    else merged[key] = applyMergePatch(merged[key], value)
  }
  return merged
}
