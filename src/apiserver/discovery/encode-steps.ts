const isMap = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function* jsonParts(value: unknown, depth: number, parts: string[]): Generator<void> {
  if (depth === 0 || !isMap(value)) {
    parts.push(JSON.stringify(value))
    yield
    return
  }
  let separator = '{'
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue
    parts.push(`${separator}${JSON.stringify(key)}:`)
    separator = ','
    yield* jsonParts(member, depth - 1, parts)
  }
  parts.push(separator === '{' ? '{}' : '}')
}

/** How deep a document is taken apart: `components.schemas.<type>`. */
const stepDepth = 3

/** The JSON of a big document, its members in steps of their own. */
export function* encodeSteps(document: object): Generator<void, Uint8Array> {
  const parts: string[] = []
  yield* jsonParts(document, stepDepth, parts)
  return new TextEncoder().encode(parts.join(''))
}
