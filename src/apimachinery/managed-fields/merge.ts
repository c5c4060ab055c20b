import type { FieldsV1, JsonValue } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { type FieldSet, isLeaf, isMember, leaf } from './field-set.ts'
import {
  type Fields,
  fieldSchema,
  indexList,
  isDeclaredField,
  itemElement,
  itemSchema,
  shapeOf,
  TypedError,
} from './typed.ts'

function mergeValues(
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  schema: Schema,
): JsonValue | undefined {
  if (right === undefined) return left
  if (left === undefined) return right
  const shape = shapeOf(right, schema)
  if (shape === 'leaf' || shapeOf(left, schema) !== shape) return right
  return shape === 'map'
    ? mergeMaps(left as Fields, right as Fields, schema)
    : mergeLists(left as readonly JsonValue[], right as readonly JsonValue[], schema)
}

/** What `right` says wins, what only `left` says stays. Both are left as they are. */
export function mergeMaps(left: Fields, right: Fields, schema: Schema): Fields {
  const merged: Record<string, JsonValue> = { ...left }
  for (const key in right) {
    const value = mergeValues(left[key], right[key], fieldSchema(schema, key))
    if (value !== undefined) merged[key] = value
  }
  return merged
}

/**
 * Merges associative lists. The items of `right` keep their order; an item only in `left` stays behind the
 * items that it followed there, as far as that order allows.
 */
function mergeLists(
  left: readonly JsonValue[],
  right: readonly JsonValue[],
  schema: Schema,
): readonly JsonValue[] {
  const [before, after] = [indexList(left, schema), indexList(right, schema)]
  for (const [element, group] of after.items) {
    if (group.length > 1) throw new TypedError(`duplicate entries for key ${element.slice(2)}`)
  }
  const items = itemSchema(schema)
  const shared = after.elements.filter((element) => before.items.has(element))
  const merged: JsonValue[] = []
  const emitted = new Set<string>()
  let nextShared = 0
  const emit = (element: string): void => {
    emitted.add(element)
    const was = before.items.get(element)
    const value = mergeValues(was?.length === 1 ? was[0] : undefined, after.items.get(element)?.[0], items)
    if (value !== undefined) merged.push(value)
    if (shared[nextShared] === element) nextShared++
  }
  let [l, r] = [0, 0]
  while (l < before.elements.length || r < after.elements.length) {
    const [ours, theirs] = [before.elements[l], after.elements[r]]
    if (ours !== undefined && ours === theirs) {
      emit(ours)
      l++
      r++
    } else if (ours !== undefined && !after.items.has(ours)) {
      const item = left[l]
      if (item !== undefined) merged.push(item)
      l++
    } else if (
      ours !== undefined &&
      (emitted.has(ours) || (theirs !== undefined && shared[nextShared] !== ours))
    ) {
      l++
    } else if (theirs !== undefined) {
      emit(theirs)
      r++
    } else {
      l++
    }
  }
  return merged
}

function removeFromValue(value: JsonValue, set: FieldsV1, schema: Schema): JsonValue {
  const shape = shapeOf(value, schema)
  if (shape === 'leaf') return value
  if (shape === 'map') return removeItems(value as Fields, set, schema)
  const items = itemSchema(schema)
  const kept: JsonValue[] = []
  for (const item of value as readonly JsonValue[]) {
    const node = set[itemElement(item, schema)]
    if (node === undefined) kept.push(item)
    else if (!isMember(node)) kept.push(removeFromValue(item, node, items))
  }
  return kept
}

/** `object` without the paths in `set` and all that is below them; what became empty stays, empty. */
export function removeItems(object: Fields, set: FieldSet, schema: Schema): Fields {
  if (set === undefined) return object
  const kept: Record<string, JsonValue> = {}
  for (const key in object) {
    const value = object[key]
    if (value === undefined) continue
    const node = set[`f:${key}`]
    if (node === undefined) kept[key] = value
    else if (!isMember(node)) kept[key] = removeFromValue(value, node, fieldSchema(schema, key))
  }
  return kept
}

function nameFields(node: FieldsV1, schema: Schema): FieldsV1 {
  if (isLeaf(node)) return node
  const named: Record<string, FieldsV1> = '.' in node ? { '.': leaf } : {}
  for (const key in node) {
    const child = node[key]
    if (key === '.' || child === undefined) continue
    const isField = key.startsWith('f:')
    const inner = isField ? fieldSchema(schema, key.slice(2)) : itemSchema(schema)
    const isNamed = isField && isDeclaredField(schema, key.slice(2))
    const below = nameFields(child, inner)
    named[key] = isNamed && !isMember(below) ? { '.': leaf, ...below } : below
  }
  return named
}

function childrenOf(node: FieldsV1): FieldsV1 | undefined {
  if (!('.' in node)) return isLeaf(node) ? undefined : node
  const { '.': _self, ...children } = node
  return isLeaf(children) ? undefined : children
}

/** The set with every declared field that leads to a member made a member itself, so that set differences see it. */
export function withNamedFields(set: FieldSet, schema: Schema): FieldSet {
  if (set === undefined) return undefined
  const children = childrenOf(set)
  return children === undefined ? undefined : nameFields(children, schema)
}
