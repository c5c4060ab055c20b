import { type JsonSchema, valuesOf } from './json-schema.ts'

export type ResolvedPath =
  | { readonly schema: JsonSchema; readonly steps: readonly PathStep[] }
  | { readonly error: string }

/** A field of a struct, or a key of a map. */
export interface PathStep {
  readonly name: string
  readonly isKey: boolean
}

const escapes: Readonly<Record<string, string>> = {
  "'": "'",
  '\\': '\\',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
}

/** `.`, `[`, `]`, quoted texts and what is between them. */
function tokens(text: string): readonly string[] {
  return text.match(/'(?:[^'\\]|\\.)*'?|[.[\]]|[^.[\]']+[^.[\]]*/g) ?? []
}

function unquote(token: string): string | undefined {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'")) return undefined
  return token.slice(1, -1).replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character)
}

/** Follows `.spec.a['b.c']` through a schema; `arrays`: bracket notation is allowed. Words as upstream's ValidFieldPath. */
export function resolveFieldPath(text: string, root: JsonSchema, arrays: boolean): ResolvedPath {
  const parts = tokens(text)
  const steps: PathStep[] = []
  let schema = root
  let at = 0
  while (at < parts.length) {
    const token = parts[at++]
    if (token !== '.' && token !== '[') return { error: `expected [ or . but got: ${token}` }
    if (token === '[' && !arrays) return { error: 'array notation is not allowed' }
    const given = parts[at++]
    if (given === undefined) return { error: 'unexpected end of JSON path' }
    const name = token === '[' ? unquote(given) : given
    if (name === undefined) return { error: `expected single quoted string but got ${given}` }
    const declared = schema.properties
    const next = declared === undefined ? valuesOf(schema) : declared[name]
    if (next === undefined) return { error: 'does not refer to a valid field' }
    steps.push({ name, isKey: declared === undefined })
    schema = next
    if (token === '[') {
      const end = parts[at++]
      if (end === undefined) return { error: 'unexpected end of JSON path' }
      if (end !== ']') return { error: `expected ] but got ${end}` }
    }
  }
  return { schema, steps }
}
