import type { JsonValue } from '../meta.ts'

const ranks = '.fkvi'

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** Numbers, texts, booleans, lists, maps, null: upstream's order of values of unlike types. */
function rankOf(value: JsonValue): number {
  if (typeof value === 'number') return 0
  if (typeof value === 'string') return 1
  if (typeof value === 'boolean') return 2
  if (value === null) return 5
  return Array.isArray(value) ? 3 : 4
}

function compareLists(left: readonly JsonValue[], right: readonly JsonValue[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const order = compareValues(value, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** By their members in the order of their names: each name, then what it stands for. */
const flat = (map: object): readonly JsonValue[] =>
  Object.entries(map as Record<string, JsonValue>)
    .sort(([a], [b]) => compareText(a, b))
    .flat()

function compareValues(left: JsonValue, right: JsonValue): number {
  const ranked = rankOf(left) - rankOf(right)
  if (ranked !== 0 || left === null || right === null) return ranked
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(left, right)
  if (typeof left === 'object' && typeof right === 'object') return compareLists(flat(left), flat(right))
  return Number(left) - Number(right)
}

/** What an element says; names say it as they are. */
const contentOf = (element: string): JsonValue => {
  const kind = element.charAt(0)
  if (kind === 'i') return Number(element.slice(2))
  return kind === 'k' || kind === 'v' ? (JSON.parse(element.slice(2)) as JsonValue) : element
}

const compareKinds = (left: string, right: string): number =>
  ranks.indexOf(left.charAt(0)) - ranks.indexOf(right.charAt(0))

/**
 * Upstream's order of a set's elements: `.`, then names, keys, values and indices, each by what it says: port 443
 * comes before port 8080 (sigs.k8s.io/structured-merge-diff, `fieldpath.PathElement`).
 */
export function compareElements(left: string, right: string): number {
  const ranked = compareKinds(left, right)
  if (ranked !== 0 || left === right) return ranked
  return compareValues(contentOf(left), contentOf(right))
}

const isName = (element: string): boolean => element === '.' || element.startsWith('f:')

/** Sorts elements in place; what they say is read once for each. */
export function sortElements(elements: string[]): string[] {
  // Most are names, whose order is that of their texts.
  if (elements.every(isName)) return elements.sort()
  const contents = new Map(elements.map((element) => [element, flattened(contentOf(element))]))
  return elements.sort(
    (left, right) =>
      compareKinds(left, right) || compareValues(contents.get(left) ?? null, contents.get(right) ?? null),
  )
}

/** Maps as lists, which are compared alike. */
const flattened = (value: JsonValue): JsonValue =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? flat(value) : value
