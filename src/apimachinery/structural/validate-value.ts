import type { FieldError } from '../field-error.ts'
import type { Where } from '../field-errors.ts'
import { jsonEqual } from '../json-equal.ts'
import { Correlation } from './correlation.ts'
import { Findings, finding } from './findings.ts'
import { hasFormat } from './formats.ts'
import { isList, isObject, type JsonObject } from './json-schema.ts'
import type { StructuralSchema } from './structural-schema.ts'
import { validateNumber } from './validate-number.ts'

interface Place {
  /** `spec.list[0]`; '' for the root. */
  readonly name: string
  readonly correlation: Correlation | undefined
}

const typeOf = (value: unknown): readonly [type: string, format: string] => {
  if (isList(value)) return ['array', '']
  if (isObject(value)) return ['object', '']
  if (typeof value === 'bigint') return ['integer', 'int64']
  if (typeof value === 'number') return Number.isInteger(value) ? ['integer', 'int64'] : ['number', 'float64']
  return [typeof value, '']
}

function checkType(value: unknown, schema: StructuralSchema, name: string, found: Findings): void {
  const { types, format } = schema
  if (types.length === 0 && format === '') return
  found.matches++
  if (value === null) {
    if (types.length > 0 && !schema.nullable) found.add(finding.type(name, types.join(','), 'null'))
    return
  }
  const [type, ownFormat] = typeOf(value)
  const isTextOrList = typeof value === 'string' || isList(value)
  const fits = types.includes(type) || (type === 'integer' && types.includes('number'))
  if (!isTextOrList && format !== '' && !fits && ownFormat !== format) {
    found.add(finding.type(name, format, ownFormat))
    return
  }
  const isNumeric = types.includes('number') || types.includes('integer')
  if (!isNumeric && format !== '' && isTextOrList) return
  if (!fits) found.add(finding.type(name, types.join(','), type))
}

function checkEnum(value: unknown, schema: StructuralSchema, name: string, found: Findings): void {
  const values = schema.json.enum
  if (values === undefined || values.length === 0) return
  if (!values.some((each) => each !== null && jsonEqual(each, value)))
    found.add(finding.oneOfValues(name, value, values))
}

function checkText(value: string, schema: StructuralSchema, name: string, found: Findings): void {
  const { maxLength, minLength, pattern } = schema.json
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength) found.add(finding.tooLong(name, maxLength))
  else if (minLength !== undefined && length < minLength) found.add(finding.tooShort(name, minLength, value))
  else if (schema.pattern?.matches(value) === false) found.add(finding.pattern(name, pattern ?? '', value))
  if (schema.format !== '' && !hasFormat(value, schema.format))
    found.add(finding.format(name, schema.format, value))
}

const hasDuplicates = (value: readonly unknown[]): boolean =>
  value.some((item, index) => value.findIndex((other) => jsonEqual(other, item)) < index)

function checkItems(
  value: readonly unknown[],
  schema: StructuralSchema,
  place: Place,
  found: Findings,
): void {
  const { name, correlation } = place
  const { items } = schema
  const { minItems, maxItems, uniqueItems } = schema.json
  if (items !== undefined) {
    value.forEach((item, index) => {
      const at = { name: `${name}[${index}]`, correlation: correlation?.index(index) }
      found.merge(check(item, items, at))
    })
  }
  if (minItems !== undefined && value.length < minItems)
    found.add(finding.tooFewItems(name, minItems, value.length))
  if (maxItems !== undefined && value.length > maxItems)
    found.add(finding.tooManyItems(name, maxItems, value.length))
  if (uniqueItems === true && hasDuplicates(value)) found.add(finding.duplicateItems(name))
  found.matches++
}

const isTypeMeta = (name: string, key: string): boolean =>
  name === '' && (key === 'kind' || key === 'apiVersion')

function checkFields(value: JsonObject, schema: StructuralSchema, place: Place, found: Findings): void {
  const { name, correlation } = place
  const { minProperties, maxProperties, required } = schema.json
  const keys = Object.keys(value)
  const { additional } = schema
  if (minProperties !== undefined && keys.length < minProperties)
    found.add(finding.tooFewProperties(name, minProperties, keys.length))
  if (maxProperties !== undefined && keys.length > maxProperties)
    found.add(finding.tooManyProperties(name, maxProperties, keys.length))
  const below = (key: string, part: StructuralSchema, path: string): void => {
    const child = isTypeMeta(name, key) ? undefined : correlation?.key(key)
    found.merge(check(value[key], part, { name: path, correlation: child }))
  }
  if (additional !== undefined) {
    for (const key of keys) {
      if (schema.properties.has(key)) continue
      if (!additional.allowed) found.add(finding.forbiddenProperty(name, key))
      else if (additional.schema !== undefined) below(key, additional.schema, `${name}.${key}`)
    }
  }
  for (const [key, property] of schema.properties)
    if (Object.hasOwn(value, key)) below(key, property, name === '' ? key : `${name}.${key}`)
  for (const key of required ?? [])
    if (!Object.hasOwn(value, key)) found.add(finding.required(`${name}.${key}`))
}

/** The one of several failures that fitted best is told with the failure as a whole. */
function better(best: Findings | undefined, other: Findings): Findings {
  return best === undefined || other.matches > best.matches ? other : best
}

function checkAnyOf(value: unknown, schema: StructuralSchema, place: Place, found: Findings): void {
  const { anyOf = [] } = schema.json
  let best: Findings | undefined
  for (const json of anyOf) {
    const result = check(value, schema.child(json), place)
    if (result.valid) {
      found.merge(result)
      return
    }
    best = better(best, result)
  }
  if (best === undefined) return
  found.add(finding.noAlternative(place.name))
  found.merge(best)
}

function checkOneOf(value: unknown, schema: StructuralSchema, place: Place, found: Findings): void {
  const { oneOf = [] } = schema.json
  if (oneOf.length === 0) return
  const results = oneOf.map((json) => check(value, schema.child(json), place))
  const fitting = results.filter(({ valid }) => valid)
  const [first] = fitting
  if (first !== undefined && fitting.length === 1) {
    found.merge(first)
    return
  }
  found.add(finding.notOneAlternative(place.name, fitting.length))
  if (fitting.length === 0) {
    const best = results.reduce<Findings | undefined>(better, undefined)
    if (best !== undefined) found.merge(best)
  }
}

function checkCombinations(value: unknown, schema: StructuralSchema, place: Place, found: Findings): void {
  const { allOf = [], not } = schema.json
  checkAnyOf(value, schema, place, found)
  checkOneOf(value, schema, place, found)
  let fitting = 0
  for (const json of allOf) {
    const result = check(value, schema.child(json), place)
    if (result.valid) fitting++
    found.merge(result)
  }
  if (fitting < allOf.length) found.add(finding.notAll(place.name, fitting === 0))
  if (not !== undefined && check(value, schema.child(not), place).valid)
    found.add(finding.isExcluded(place.name))
  found.matches++
}

function checkAll(value: unknown, schema: StructuralSchema, place: Place): Findings {
  const found = new Findings()
  checkType(value, schema, place.name, found)
  if (value !== null) {
    checkCombinations(value, schema, place, found)
    if (typeof value === 'string') checkText(value, schema, place.name, found)
    else if (typeof value === 'number' || typeof value === 'bigint')
      validateNumber(value, schema, place.name, found)
    else if (isList(value)) checkItems(value, schema, place, found)
  }
  checkEnum(value, schema, place.name, found)
  if (isObject(value)) checkFields(value, schema, place, found)
  return found
}

/** What did not change since it was stored may stay as it is. */
function check(value: unknown, schema: StructuralSchema, place: Place): Findings {
  const found = checkAll(value, schema, place)
  if (found.valid || place.correlation?.isSame !== true) return found
  const forgiven = new Findings()
  forgiven.matches = found.matches
  return forgiven
}

const at =
  (base: string) =>
  (name: string): Where => {
    const path = name.startsWith('.') ? name.slice(1) : name
    if (path === '') return base === '' ? '<nil>' : base
    return base === '' ? path : `${base}.${path}`
  }

/** Validates a value as kube-openapi does. `base` is the path of the value itself. */
export function validateValue(value: unknown, schema: StructuralSchema, base = ''): readonly FieldError[] {
  const found = check(value, schema, { name: '', correlation: undefined })
  return found.list.map(({ error }) => error(at(base)))
}

/** As `validateValue` for a value that replaces another one (KEP-4008). */
export function validateChangedValue(
  value: unknown,
  old: unknown,
  schema: StructuralSchema,
  base = '',
): readonly FieldError[] {
  const correlation = new Correlation(value, old, schema)
  return check(value, schema, { name: '', correlation }).list.map(({ error }) => error(at(base)))
}
