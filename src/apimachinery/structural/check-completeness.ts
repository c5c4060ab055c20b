import type { FieldError } from '../field-error.ts'
import { required } from '../field-errors.ts'
import type { FieldPath } from '../field-path.ts'
import { itemsOf, type JsonSchema } from './json-schema.ts'

interface Places {
  /** Where the field would have to be. */
  readonly schema: FieldPath
  /** Where it is restricted. */
  readonly value: FieldPath
}

/** A restriction of something names it: then the schema has to say what it is. */
function checkParts(value: JsonSchema, schema: JsonSchema, at: Places, errors: FieldError[]): void {
  const { not, allOf = [], anyOf = [], oneOf = [] } = value
  const inside = (part: JsonSchema, path: FieldPath): void =>
    checkNested(part, schema, { schema: at.schema, value: path }, errors)
  if (not !== undefined) inside(not, at.value.child('not'))
  for (const [name, parts] of Object.entries({ allOf, anyOf, oneOf }))
    parts.forEach((part, index) => {
      inside(part, at.value.child(name).index(index))
    })
}

function checkNested(
  value: JsonSchema,
  schema: JsonSchema | undefined,
  at: Places,
  errors: FieldError[],
): void {
  if (schema === undefined) {
    errors.push(required(at.schema, `because it is defined in ${at.value}`))
    return
  }
  checkParts(value, schema, at, errors)
  const items = itemsOf(value)
  const child = (step: (path: FieldPath) => FieldPath): Places => ({
    schema: step(at.schema),
    value: step(at.value),
  })
  if (items !== undefined)
    checkNested(
      items,
      itemsOf(schema),
      child((path) => path.child('items')),
      errors,
    )
  for (const [name, property] of Object.entries(value.properties ?? {}))
    checkNested(
      property,
      schema.properties?.[name],
      child((path) => path.child('properties').key(name)),
      errors,
    )
}

/** That everything which allOf and its like restrict is declared outside of them. */
export function checkCompleteness(schema: JsonSchema, path: FieldPath, errors: FieldError[]): void {
  checkParts(schema, schema, { schema: path, value: path }, errors)
}
