import { jsonEqual } from '../json-equal.ts'
import type { FieldsV1, JsonValue } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { type FieldSet, leaf } from './field-set.ts'
import { type Fields, fieldSchema, indexList, isDeclaredField, itemSchema, shapeOf } from './typed.ts'

/** What changed between two values, as sets of paths. */
export interface Comparison {
  readonly added: FieldSet
  readonly removed: FieldSet
  readonly modified: FieldSet
}

interface Parts {
  added?: Record<string, FieldsV1>
  removed?: Record<string, FieldsV1>
  modified?: Record<string, FieldsV1>
}

const kinds = ['added', 'removed', 'modified'] as const

/** The node of a value that is wholly new (or wholly gone): each path in it is a member. */
function wholeNode(value: JsonValue, schema: Schema): FieldsV1 {
  const shape = shapeOf(value, schema)
  if (shape === 'leaf') return leaf
  const children: Record<string, FieldsV1> = { '.': leaf }
  let isLeaf = true
  if (shape === 'map') {
    const map = value as Fields
    for (const key in map) {
      const child = map[key]
      if (child === undefined) continue
      children[`f:${key}`] = wholeNode(child, fieldSchema(schema, key))
      isLeaf = false
    }
  } else {
    const items = itemSchema(schema)
    for (const [element, group] of indexList(value as readonly JsonValue[], schema).items) {
      const [first] = group
      children[element] = group.length > 1 || first === undefined ? leaf : wholeNode(first, items)
      isLeaf = false
    }
  }
  return isLeaf ? leaf : children
}

function put(parts: Parts, kind: (typeof kinds)[number], key: string, node: FieldsV1): void {
  const place = parts[kind] ?? {}
  parts[kind] = place
  place[key] = node
}

function compareChild(
  parts: Parts,
  key: string,
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  schema: Schema,
): void {
  if (left === right) return
  if (left === undefined) {
    if (right !== undefined) put(parts, 'added', key, wholeNode(right, schema))
    return
  }
  if (right === undefined) {
    put(parts, 'removed', key, wholeNode(left, schema))
    return
  }
  const shape = shapeOf(left ?? right, schema)
  if (shape === 'leaf' || shape !== shapeOf(right ?? left, schema) || (isEmpty(left) && isEmpty(right))) {
    if (!jsonEqual(left, right)) put(parts, 'modified', key, leaf)
    return
  }
  const inner: Parts = {}
  if (shape === 'map') compareMaps(inner, (left ?? {}) as Fields, (right ?? {}) as Fields, schema)
  else
    compareLists(inner, (left ?? []) as readonly JsonValue[], (right ?? []) as readonly JsonValue[], schema)
  for (const kind of kinds) {
    const node = inner[kind]
    if (node !== undefined) put(parts, kind, key, node)
  }
}

/** Null stands for whatever there is on the other side; between it and an empty list or map is a difference nevertheless. */
function isEmpty(value: JsonValue): boolean {
  if (typeof value !== 'object') return false
  for (const _key in value) return false
  return true
}

/** A member of the object's own: a label may be called `constructor`. */
const own = (fields: Fields, key: string): JsonValue | undefined =>
  Object.hasOwn(fields, key) ? fields[key] : undefined

function compareMaps(parts: Parts, left: Fields, right: Fields, schema: Schema): void {
  for (const key in left)
    compareChild(parts, `f:${key}`, left[key], own(right, key), fieldSchema(schema, key))
  for (const key in right) {
    if (own(left, key) === undefined)
      compareChild(parts, `f:${key}`, undefined, right[key], fieldSchema(schema, key))
  }
}

function compareLists(
  parts: Parts,
  left: readonly JsonValue[],
  right: readonly JsonValue[],
  schema: Schema,
): void {
  const [before, after] = [indexList(left, schema).items, indexList(right, schema).items]
  const items = itemSchema(schema)
  const compareGroup = (element: string, was: readonly JsonValue[], is: readonly JsonValue[]): void => {
    if (was.length <= 1 && is.length <= 1) compareChild(parts, element, was[0], is[0], items)
    else if (!jsonEqual(was, is))
      put(parts, was.length === 0 ? 'added' : is.length === 0 ? 'removed' : 'modified', element, leaf)
  }
  for (const [element, group] of before) compareGroup(element, group, after.get(element) ?? [])
  for (const [element, group] of after) if (!before.has(element)) compareGroup(element, [], group)
}

/** Compares two objects of one type. Throws TypedError for a list whose keys are broken. */
export function compare(left: Fields, right: Fields, schema: Schema): Comparison {
  const parts: Parts = {}
  compareMaps(parts, left, right, schema)
  return { added: parts.added, removed: parts.removed, modified: parts.modified }
}

/**
 * The node of what a value says by itself: leaves, items, and keys of maps, but not the fields that lead there.
 * An empty associative list says nothing, nor does a map that has nothing else in it.
 */
function ownNode(value: JsonValue, schema: Schema, member: boolean): FieldSet {
  const shape = shapeOf(value, schema)
  if (shape === 'leaf') return leaf
  const node: Record<string, FieldsV1> = member ? { '.': leaf } : {}
  let isNothing = true
  const add = (key: string, child: FieldSet): void => {
    if (child === undefined) return
    node[key] = child
    isNothing = false
  }
  let isEmpty = shape === 'map'
  if (shape === 'map') {
    const map = value as Fields
    for (const key in map) {
      const child = map[key]
      if (child === undefined) continue
      isEmpty = false
      add(`f:${key}`, ownNode(child, fieldSchema(schema, key), !isDeclaredField(schema, key)))
    }
  } else {
    const items = itemSchema(schema)
    for (const [element, group] of indexList(value as readonly JsonValue[], schema).items) {
      const [first] = group
      add(element, group.length > 1 || first === undefined ? leaf : ownNode(first, items, true))
    }
  }
  if (isNothing) return member || isEmpty ? leaf : undefined
  return node
}

/** The set of paths that an applied configuration claims. */
export function toFieldSet(object: Fields, schema: Schema): FieldSet {
  const node: Record<string, FieldsV1> = {}
  for (const key in object) {
    const value = object[key]
    const child = value === undefined ? undefined : ownNode(value, fieldSchema(schema, key), false)
    if (child !== undefined) node[`f:${key}`] = child
  }
  return node
}
