const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Empty lists, empty maps and absence are one, as for Go's zero values (`apiequality.Semantic`). */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  if (typeof value !== 'object') return false
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (!semanticallyEqual(a[index], b[index])) return false
  return true
}

/** Whether two JSON-shaped values mean the same. Shared subtrees cost nothing. */
export function semanticallyEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return equalLists(a, b)
  if (!isMap(a) || !isMap(b)) return isEmpty(a) && isEmpty(b)
  for (const key in a) if (!semanticallyEqual(a[key], b[key])) return false
  for (const key in b) if (!(key in a) && !isEmpty(b[key])) return false
  return true
}
