import type { FieldError } from '../field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../field-errors.ts'
import type { FieldPath } from '../field-path.ts'
import { itemsOf, type JsonSchema } from './json-schema.ts'

const listType = 'x-kubernetes-list-type'
const mapKeys = 'x-kubernetes-list-map-keys'
const mapType = 'x-kubernetes-map-type'

/** Items of sets are compared whole. Gives what is wrong with them. */
export function setItemComplaint(
  schema: JsonSchema,
): 'x-kubernetes-list-type' | 'x-kubernetes-map-type' | undefined {
  const items = itemsOf(schema)
  if (schema[listType] !== 'set' || items === undefined) return undefined
  if (items.type === 'array' && (items[listType] ?? 'atomic') !== 'atomic') return listType
  if (items.type === 'object' && items[mapType] !== 'atomic') return mapType
  return undefined
}

/** Keys of items are always there. */
export function checkKeys(schema: JsonSchema, path: FieldPath, errors: FieldError[]): void {
  const items = itemsOf(schema)
  const type = schema[listType]
  if (items === undefined || (type !== 'set' && type !== 'map')) return
  if (items.nullable === true) {
    const detail = `cannot be nullable when x-kubernetes-list-type is ${type}`
    errors.push(fieldForbidden(path.child('items').child('nullable'), detail))
  }
  if (type !== 'map') return
  for (const key of schema[mapKeys] ?? []) {
    const property = items.properties?.[key]
    if (property === undefined) continue
    const where = path.child('items').child('properties').key(key)
    const because = 'this property is in x-kubernetes-list-map-keys, so it'
    if (!(items.required ?? []).includes(key) && property.default === undefined)
      errors.push(
        required(where.child('default'), `${because} must have a default or be a required property`),
      )
    if (property.nullable === true)
      errors.push(fieldForbidden(where.child('nullable'), `${because} cannot be nullable`))
  }
}

function checkMap(schema: JsonSchema, path: FieldPath, errors: FieldError[]): void {
  const keys = schema[mapKeys] ?? []
  const where = path.child(mapKeys)
  const items = itemsOf(schema)
  if (keys.length === 0) errors.push(required(where, 'must not be empty if x-kubernetes-list-type is map'))
  if (schema.items === undefined)
    errors.push(required(path.child('items'), 'must have a schema if x-kubernetes-list-type is map'))
  else if (items === undefined) {
    const detail = 'must only have a single schema if x-kubernetes-list-type is map'
    errors.push(invalidValue(path.child('items'), schema.items, detail))
  }
  if (items === undefined) return
  if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map"
    errors.push(invalidValue(path.child('items').child('type'), items.type ?? '', detail))
    return
  }
  keys.forEach((key, index) => {
    const property = items.properties?.[key]
    if (property === undefined)
      errors.push(invalidValue(where, keys, 'entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') {
      const at = path.child('items').child('properties').key(key).child('type')
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      errors.push(invalidValue(at, items.type, detail))
    }
    if (keys.indexOf(key) < index)
      errors.push(invalidValue(where, keys, 'must not contain duplicate entries'))
  })
}

/** `x-kubernetes-list-type` and its keys. */
export function checkListType(
  schema: JsonSchema,
  path: FieldPath,
  options: { readonly requireAtomicSets: boolean; readonly requireMapKeys: boolean },
  errors: FieldError[],
): void {
  const { type = '' } = schema
  const own = schema[listType]
  const where = path.child(listType)
  const complaint = options.requireAtomicSets ? setItemComplaint(schema) : undefined
  if (own !== undefined && type !== 'array') {
    const detail = 'must be array if x-kubernetes-list-type is specified'
    const at = path.child('type')
    errors.push(type === '' ? required(at, detail) : invalidValue(at, type, detail))
  } else if (complaint !== undefined) {
    const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
    const shown = itemsOf(schema)?.[listType] ?? null
    errors.push(invalidValue(path.child('items').child(complaint), shown, detail))
  }
  if (own !== undefined && !['atomic', 'set', 'map'].includes(own))
    errors.push(notSupported(where, own, ['atomic', 'set', 'map']))
  if ((schema[mapKeys] ?? []).length > 0 && own !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
    errors.push(own === undefined ? required(where, detail) : invalidValue(where, own, detail))
  }
  if (own === 'map') checkMap(schema, path, errors)
  if (options.requireMapKeys) checkKeys(schema, path, errors)
}
