import type { FieldError } from '../field-error.ts'
import { duplicate, invalidValue } from '../field-errors.ts'
import { isList, isObject } from './json-schema.ts'
import type { StructuralSchema } from './structural-schema.ts'

/** The second of several equal values, of each sort that there is several times. */
function repeated(values: readonly unknown[]): readonly number[] {
  const counts = new Map<string, number>()
  const found: number[] = []
  values.forEach((value, index) => {
    const text = JSON.stringify(value)
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    if (count === 2) found.push(index)
  })
  return found
}

function checkMap(
  value: readonly unknown[],
  schema: StructuralSchema,
  path: string,
  errors: FieldError[],
): void {
  const odd = value.findIndex((item) => item !== null && !isObject(item))
  if (odd >= 0) {
    const detail = 'must be an object for an array of list-type map'
    errors.push(invalidValue(`${path}[${odd}]`, value[odd], detail))
    return
  }
  const keys = value.map((item) => {
    const fields = isObject(item) ? item : {}
    const names = schema.listMapKeys.filter((name) => Object.hasOwn(fields, name))
    return Object.fromEntries(names.sort().map((name) => [name, fields[name]]))
  })
  for (const index of repeated(keys)) errors.push(duplicate(`${path}[${index}]`, keys[index]))
}

function check(
  value: unknown,
  schema: StructuralSchema | undefined,
  path: string,
  errors: FieldError[],
): void {
  if (schema === undefined) return
  if (isList(value)) {
    if (schema.listType === 'set')
      for (const index of repeated(value)) errors.push(duplicate(`${path}[${index}]`, value[index]))
    if (schema.listType === 'map') checkMap(value, schema, path, errors)
    value.forEach((item, index) => {
      check(item, schema.items, `${path}[${index}]`, errors)
    })
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const declared = schema.properties.get(key)
      if (declared !== undefined) check(value[key], declared, path === '' ? key : `${path}.${key}`, errors)
      const { additional } = schema
      if (additional !== undefined) check(value[key], additional.schema, `${path}[${key}]`, errors)
    }
  }
}

/** That sets and lists with keys hold nothing twice (`x-kubernetes-list-type`). */
export function validateListTypes(value: unknown, schema: StructuralSchema): readonly FieldError[] {
  const errors: FieldError[] = []
  check(value, schema, '', errors)
  return errors
}
