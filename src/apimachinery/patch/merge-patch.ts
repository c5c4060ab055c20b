import { type Fields, isMap } from '../managed-fields/typed.ts'
import type { JsonValue } from '../meta.ts'

/** JSON merge patch, RFC 7386. `document` is not changed; what the patch leaves alone is shared. */
export function applyMergePatch(document: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isMap(patch)) return patch
  const merged: Record<string, JsonValue> = isMap(document) ? { ...document } : {}
  for (const [key, value] of Object.entries(patch as Fields)) {
    if (value === null) delete merged[key]
    else merged[key] = applyMergePatch(merged[key], value)
  }
  return merged
}
