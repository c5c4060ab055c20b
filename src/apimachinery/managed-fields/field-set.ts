import type { FieldsV1 } from '../meta.ts'
import { compareElements } from './element-order.ts'

/**
 * Sets of field paths, in the form in which the API shows them: a FieldsV1 tree is the set. A node stands
 * for a path; it is a member when it is empty or holds `.`. The root stands for no path. Trees are never
 * mutated; `undefined` is the empty set.
 */
export type FieldSet = FieldsV1 | undefined

/** A member without children; shared. */
export const leaf: FieldsV1 = Object.freeze({})

export function isMember(node: FieldsV1): boolean {
  for (const _key in node) return '.' in node
  return true
}

function hasChildren(node: FieldsV1): boolean {
  for (const key in node) if (key !== '.') return true
  return false
}

/** A node from its parts; undefined when it would stand for nothing. */
export function makeNode(member: boolean, children: Record<string, FieldsV1> | undefined): FieldSet {
  if (children === undefined) return member ? leaf : undefined
  return member ? { '.': leaf, ...children } : children
}

/** `left` itself where the result says the same: objects that were made alike go on sharing their sets. */
function combine(
  left: FieldsV1,
  right: FieldsV1,
  each: (left: FieldSet, right: FieldSet) => FieldSet,
  member: boolean,
): FieldSet {
  let children: Record<string, FieldsV1> | undefined
  let same = member === isMember(left)
  const put = (key: string, child: FieldSet): void => {
    if (child !== left[key]) same = false
    if (child === undefined) return
    children ??= {}
    children[key] = child
  }
  for (const key in left) if (key !== '.') put(key, each(left[key], right[key]))
  for (const key in right) if (key !== '.' && left[key] === undefined) put(key, each(undefined, right[key]))
  return same && children !== undefined ? left : makeNode(member, children)
}

function unionNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === undefined || left === right) return right
  if (right === undefined) return left
  return combine(left, right, unionNodes, isMember(left) || isMember(right))
}

function intersectNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === undefined || right === undefined) return undefined
  return combine(left, right, intersectNodes, isMember(left) && isMember(right))
}

function subtractNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === undefined || right === undefined) return left
  return combine(left, right, subtractNodes, isMember(left) && !isMember(right))
}

function subtractTrees(left: FieldSet, right: FieldSet): FieldSet {
  if (left === undefined || right === undefined) return left
  if (isMember(right)) return undefined
  return combine(left, right, subtractTrees, isMember(left))
}

/** At the root an empty tree is the empty set, not a member. */
const normal = (set: FieldSet): FieldSet => (set !== undefined && hasChildren(set) ? set : undefined)

const atRoot =
  (each: (left: FieldSet, right: FieldSet) => FieldSet) =>
  (left: FieldSet, right: FieldSet): FieldSet => {
    const [a, b] = [normal(left), normal(right)]
    if (a === undefined || b === undefined) return each(a, b)
    return normal(combine(a, b, each, false))
  }

export const union = atRoot(unionNodes)
export const intersection = atRoot(intersectNodes)
/** The paths of `left` that are not themselves in `right`. */
export const difference = atRoot(subtractNodes)
/** The paths of `left` that are neither in `right` nor below one that is. */
export const recursiveDifference = atRoot(subtractTrees)

export function isEmpty(set: FieldSet): boolean {
  return normal(set) === undefined
}

/** Whether every path of `left` is in `right`. */
export function isSubset(left: FieldSet, right: FieldSet): boolean {
  return isEmpty(difference(left, right))
}

/** The same set with its members in upstream's order, in which it shows them; `set` itself where they are. */
export function inOrder(set: FieldsV1): FieldsV1 {
  const keys = Object.keys(set)
  let same = true
  let before: string | undefined
  const children: FieldsV1[] = []
  for (const key of keys) {
    const child = set[key] ?? leaf
    const ordered = inOrder(child)
    children.push(ordered)
    if (ordered !== child || (before !== undefined && compareElements(before, key) > 0)) same = false
    before = key
  }
  if (same) return set
  const entries = keys.map((key, index) => [key, children[index] ?? leaf] as const)
  return Object.fromEntries(entries.sort(([left], [right]) => compareElements(left, right)))
}

/** Every member's path, as keys from the root, in upstream's order: a node's members come before what is below them. */
export function* paths(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  if (set === undefined) return
  const keys = Object.keys(set).filter((key) => key !== '.')
  if (keys.length > 1) keys.sort(compareElements)
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
