import type { FieldsV1 } from '../meta.ts'
import { compareElements, sortElements } from './element-order.ts'

/**
 * Sets of field paths, in the form in which the API shows them: a FieldsV1 tree is the set. A node stands
 * for a path; it is a member when it is empty or holds `.`. The root stands for no path. Trees are never
 * mutated; `undefined` is the empty set.
 */
export type FieldSet = FieldsV1 | undefined

/** A member without children; shared. */
export const leaf: FieldsV1 = Object.freeze({})

export function isMember(node: FieldsV1): boolean {
  // First: to look at the first of many names, all of them are listed.
  return '.' in node || isLeaf(node)
}

/** A member without children, whatever made it. */
export function isLeaf(node: FieldsV1): boolean {
  for (const _key in node) return false
  return true
}

function hasChildren(node: FieldsV1): boolean {
  for (const key in node) if (key !== '.') return true
  return false
}

/** A node from its parts, where `.` goes first; undefined when it would stand for nothing. */
function nodeOf(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  const node: Record<string, FieldsV1> = member ? { '.': leaf } : {}
  let isEmpty = true
  for (const [key, child] of children) {
    if (key === '.' || child === undefined) continue
    node[key] = child
    isEmpty = false
  }
  if (!isEmpty) return node
  return member ? leaf : undefined
}

type Each = (left: FieldSet, right: FieldSet) => FieldSet

/** `left` with what becomes of the children that `changes` names; itself where that changes nothing. */
function withChanges(left: FieldsV1, member: boolean, changes: ReadonlyMap<string, FieldSet>): FieldSet {
  if (changes.size === 0 && member === isMember(left) && hasChildren(left)) return left
  const kept = Object.entries(left).filter(([key]) => !changes.has(key))
  return nodeOf(member, [...kept, ...changes])
}

/**
 * Where `each` leaves alone what is in one of both only, or (`keepsRight` is false) in the right one: then only what
 * both have is looked at. Gives `left` itself where the result says the same: objects that were made alike go on
 * sharing their sets.
 */
function combine(
  left: FieldsV1,
  right: FieldsV1,
  each: Each,
  member: boolean,
  keepsRight: boolean,
): FieldSet {
  const changes = new Map<string, FieldSet>()
  for (const key in right) {
    if (key === '.') continue
    const before = left[key]
    if (before === undefined && !keepsRight) continue
    const child = each(before, right[key])
    if (child !== before) changes.set(key, child)
  }
  return withChanges(left, member, changes)
}

function unionNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === undefined || left === right) return right
  if (right === undefined) return left
  return combine(left, right, unionNodes, isMember(left) || isMember(right), true)
}

function intersectNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === undefined || right === undefined) return undefined
  const changes = new Map<string, FieldSet>()
  for (const key in left) {
    if (key === '.') continue
    const child = intersectNodes(left[key], right[key])
    if (child !== left[key]) changes.set(key, child)
  }
  return withChanges(left, isMember(left) && isMember(right), changes)
}

function subtractNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === undefined || right === undefined) return left
  return combine(left, right, subtractNodes, isMember(left) && !isMember(right), false)
}

function subtractTrees(left: FieldSet, right: FieldSet): FieldSet {
  if (left === undefined || right === undefined) return left
  if (isMember(right)) return undefined
  return combine(left, right, subtractTrees, isMember(left), false)
}

/** At the root an empty tree is the empty set, not a member, and nothing else is one. */
function normal(set: FieldSet): FieldSet {
  if (set === undefined || !hasChildren(set)) return undefined
  return '.' in set ? nodeOf(false, Object.entries(set)) : set
}

const atRoot =
  (each: Each): Each =>
  (left, right) =>
    normal(each(normal(left), normal(right)))

export const union = atRoot(unionNodes)
export const intersection = atRoot(intersectNodes)
/** The paths of `left` that are not themselves in `right`. */
export const difference = atRoot(subtractNodes)
/** The paths of `left` that are neither in `right` nor below one that is. */
export const recursiveDifference = atRoot(subtractTrees)

export function isEmpty(set: FieldSet): boolean {
  return set === undefined || !hasChildren(set)
}

function isWithin(left: FieldsV1, right: FieldSet): boolean {
  if (left === right) return true
  if (right === undefined || (isMember(left) && !isMember(right))) return false
  for (const key in left) {
    const child = left[key]
    if (key !== '.' && child !== undefined && !isWithin(child, right[key])) return false
  }
  return true
}

/** Whether every path of `left` is in `right`. */
export function isSubset(left: FieldSet, right: FieldSet): boolean {
  const own = normal(left)
  return own === undefined || isWithin(own, right)
}

/** The same set with its members in upstream's order, in which it shows them; `set` itself where they are. */
export function inOrder(set: FieldsV1): FieldsV1 {
  let changed: Map<string, FieldsV1> | undefined
  let inPlace = true
  let before: string | undefined
  for (const key in set) {
    const child = set[key] ?? leaf
    const ordered = child === leaf ? leaf : inOrder(child)
    if (ordered !== child) {
      changed ??= new Map()
      changed.set(key, ordered)
    }
    if (inPlace && before !== undefined) inPlace = compareElements(before, key) <= 0
    before = key
  }
  if (inPlace && changed === undefined) return set
  const keys = inPlace ? Object.keys(set) : sortElements(Object.keys(set))
  const node: Record<string, FieldsV1> = {}
  for (const key of keys) node[key] = changed?.get(key) ?? set[key] ?? leaf
  return node
}

/** Every member's path, as keys from the root, in upstream's order: a node's members come before what is below them. */
export function* paths(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  if (set === undefined) return
  const keys = Object.keys(set).filter((key) => key !== '.')
  if (keys.length > 1) sortElements(keys)
  for (const key of keys) {
    const child = set[key]
    if (child !== undefined && isMember(child)) yield [...prefix, key]
  }
  for (const key of keys) {
    const child = set[key]
    if (child !== undefined && hasChildren(child)) yield* paths(child, [...prefix, key])
  }
}

/** One element as upstream prints it: `.name`, `[name="c"]`, `[="x"]`, `[0]`. */
export function elementToString(element: string): string {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return `.${rest}`
  if (element.startsWith('k:')) {
    const parts = Object.entries(JSON.parse(rest) as Record<string, unknown>)
    return `[${parts.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
  }
  return element.startsWith('v:') ? `[=${rest}]` : `[${rest}]`
}

/** `.spec.containers[name="web"].image`. */
export function pathToString(path: readonly string[]): string {
  return path.map(elementToString).join('')
}

/** Whether `path`, keys from the root, is a member. */
export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet = set
  for (const key of path) node = node === undefined || key === '.' ? undefined : node[key]
  return node !== undefined && path.length > 0 && isMember(node)
}

/** The set of one path. */
export const setOf = (path: readonly string[]): FieldsV1 =>
  path.reduceRight<FieldsV1>((below, key) => ({ [key]: below }), leaf)

function isElement(key: string): boolean {
  if (key.charAt(1) !== ':') return false
  const content = key.slice(2)
  switch (key.charAt(0)) {
    case 'f':
      return true
    case 'i':
      return /^[+-]?\d+$/.test(content)
    case 'k':
    case 'v':
      return isJson(content, key.startsWith('k'))
    default:
      return false
  }
}

function isJson(text: string, asObject: boolean): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return !asObject || (typeof value === 'object' && value !== null && !Array.isArray(value))
  } catch {
    return false // what a client has made up is no field set
  }
}

/** Whether a tree that a client has sent is one. */
export function isFieldSet(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return false
  return Object.entries(tree).every(([key, child]) => (key === '.' || isElement(key)) && isFieldSet(child))
}
