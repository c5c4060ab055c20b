import type { JsonValue } from '../meta.ts'
import { isFields, isList } from './patch-value.ts'

/** What a strategic merge patch says beside its values. */
export const directive = '$patch'
export const retainKeys = '$retainKeys'
export const deletePrefix = '$deleteFromPrimitiveList'
export const orderPrefix = '$setElementOrder'

/** Drops the maps that carry a directive, wherever they are; undefined: it was one itself. */
export function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (isList(value)) {
    return value.flatMap((item) => {
      const kept = withoutDirectives(item)
      return kept === undefined ? [] : [kept]
    })
  }
  if (!isFields(value)) return value
  if (value[directive] !== undefined) return undefined
  const copy: Record<string, JsonValue> = {}
  for (const key in value) {
    const kept = withoutDirectives(value[key] ?? null)
    if (kept !== undefined) copy[key] = kept
  }
  return copy
}
