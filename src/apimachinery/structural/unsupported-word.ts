import { isList, type JsonSchema, valuesOf } from './json-schema.ts'

const words: readonly (readonly [keyof JsonSchema, string])[] = [
  ['id', 'id'],
  ['$schema', 'schema'],
  ['$ref', '$ref'],
  ['patternProperties', 'patternProperties'],
  ['dependencies', 'dependencies'],
  ['additionalItems', 'additionalItems'],
  ['definitions', 'definitions'],
]

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== '' && (typeof value !== 'object' || Object.keys(value ?? {}).length > 0)

/**
 * Why upstream cannot read a schema as a structural one: the first of its words, or of its parts', that structural
 * schemas do not have. Undefined: it can.
 */
export function unsupportedWord(schema: JsonSchema): string | undefined {
  for (const [word, name] of words)
    if (isSet(schema[word])) return `OpenAPIV3Schema '${name}' is not supported`
  const { not, allOf = [], anyOf = [], oneOf = [], items, properties = {} } = schema
  const first = firstOf(not === undefined ? [] : [not], allOf, anyOf, oneOf)
  if (first !== undefined) return first
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
  if (isList(items) && items.length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array"
  const values = valuesOf(schema)
  return firstOf(
    items === undefined || isList(items) ? [] : [items],
    Object.values(properties),
    values === undefined ? [] : [values],
  )
}

function firstOf(...lists: readonly (readonly JsonSchema[])[]): string | undefined {
  for (const part of lists.flat()) {
    const found = unsupportedWord(part)
    if (found !== undefined) return found
  }
}
