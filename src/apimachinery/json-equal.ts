/** Equality of JSON values to the letter; a property that is undefined counts as absent. Shared parts cost nothing. */
export function jsonEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left)) return Array.isArray(right) && equalArrays(left, right)
  return !Array.isArray(right) && equalObjects(left as Fields, right as Fields)
}

type Fields = Readonly<Record<string, unknown>>

function equalArrays(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => jsonEqual(item, right[index]))
}

function equalObjects(left: Fields, right: Fields): boolean {
  for (const key in left) if (!jsonEqual(left[key], right[key])) return false
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false
  return true
}
