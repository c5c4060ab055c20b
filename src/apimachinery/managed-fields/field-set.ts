import type { FieldsV1 } from '../meta.ts'

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

function combine(
  left: FieldsV1,
  right: FieldsV1,
  each: (left: FieldSet, right: FieldSet) => FieldSet,
  member: boolean,
): FieldSet {
  let children: Record<string, FieldsV1> | undefined
  const put = (key: string, child: FieldSet): void => {
    if (child === undefined) return
    children ??= {}
    children[key] = child
  }
  for (const key in left) if (key !== '.') put(key, each(left[key], right[key]))
  for (const key in right) if (key !== '.' && left[key] === undefined) put(key, each(undefined, right[key]))
  return makeNode(member, children)
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

/** Every member's path, as keys from the root. */
export function* paths(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  if (set === undefined) return
  for (const key in set) {
    const child = set[key]
    if (key === '.' || child === undefined) continue
    const path = [...prefix, key]
    if (isMember(child)) yield path
    yield* paths(child, path)
  }
}

/** One element as upstream prints it: `.name`, `[name="c"]`, `[="x"]`, `[0]`. */
function elementToString(element: string): string {
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
