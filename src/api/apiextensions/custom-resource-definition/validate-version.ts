import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import type { apiextensions } from '../../generated/types/index.ts'
import { type SchemaRules, validateSchema } from './validate-schema.ts'
import { validateSelectableFields } from './validate-selectable-fields.ts'

type Version = apiextensions.v1.CustomResourceDefinitionVersion
type Column = apiextensions.v1.CustomResourceColumnDefinition

const columnTypes: readonly string[] = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats: readonly string[] = [
  'byte',
  'date',
  'date-time',
  'double',
  'float',
  'int32',
  'int64',
  'password',
]
const maxWarningBytes = 256
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

function validateWarning(
  { deprecated, deprecationWarning: text }: Version,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (text === undefined) return
  const refuse = (detail: string): void => {
    errors.push(invalidValue(path.child('deprecationWarning'), text, detail))
  }
  if (deprecated !== true) {
    refuse('can only be set for deprecated versions')
    return
  }
  if (utf8Length(text) > maxWarningBytes) refuse('must be <= 256 characters long')
  if (text === '') refuse('must not be an empty string')
  const match = unprintable.exec(text)
  if (match === null) return
  const index = utf8Length(text.slice(0, match.index))
  refuse(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`)
}

function validateColumn(column: Column, path: FieldPath, errors: FieldError[]): void {
  const { name = '', type = '', format = '', jsonPath = '' } = column
  const types = `must be one of ${columnTypes.join(',')}`
  if (name === '') errors.push(required(path.child('name')))
  if (type === '') errors.push(required(path.child('type'), types))
  else if (!columnTypes.includes(type)) errors.push(invalidValue(path.child('type'), type, types))
  if (format !== '' && !columnFormats.includes(format))
    errors.push(invalidValue(path.child('format'), format, `must be one of ${columnFormats.join(',')}`))
  if (jsonPath === '') errors.push(required(path.child('JSONPath')))
  else validateSimplePath(jsonPath, path.child('JSONPath'), errors)
}

/** Gives whether it is one. */
function validateSimplePath(text: string, where: FieldPath, errors: FieldError[]): boolean {
  if (text.startsWith('.')) return true
  errors.push(invalidValue(where, text, 'must be a simple json path starting with .'))
  return false
}

function validateScale(
  scale: apiextensions.v1.CustomResourceSubresourceScale,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { labelSelectorPath: selector = '' } = scale
  for (const [field, prefix] of [
    ['specReplicasPath', '.spec'],
    ['statusReplicasPath', '.status'],
  ] as const) {
    const where = path.child(field)
    const text = scale[field] ?? ''
    if (text === '') errors.push(required(where))
    else if (validateSimplePath(text, where, errors) && !text.startsWith(`${prefix}.`))
      errors.push(invalidValue(where, text, `should be a json path under ${prefix}`))
  }
  if (selector.startsWith('.spec.') || selector.startsWith('.status.')) return
  if (selector === '') return
  const where = path.child('labelSelectorPath')
  if (!validateSimplePath(selector, where, errors)) return
  const detail = 'should be a json path under either .spec or .status'
  errors.push(invalidValue(where, selector, detail))
}

/** What is the same in all versions is checked once, above them: upstream's internal type keeps it there. */
export interface SharedParts {
  readonly schema: boolean
  readonly subresources: boolean
  readonly columns: boolean
  readonly selectableFields: boolean
}

export function sharedParts(versions: readonly Version[]): SharedParts {
  const [first] = versions
  const isShared = (part: (version: Version) => unknown): boolean =>
    first !== undefined && versions.every((version) => jsonEqual(part(version) ?? null, part(first) ?? null))
  return {
    schema: isShared(({ schema }) => schema),
    subresources: isShared(({ subresources }) => subresources),
    columns: isShared(({ additionalPrinterColumns }) => additionalPrinterColumns),
    selectableFields: isShared(({ selectableFields }) => selectableFields),
  }
}

/** Its parts below `path`: those for which `wants` says true. */
export interface VersionChecks {
  readonly rules: SchemaRules
  readonly wants: SharedParts
  /** `schema`, or `validation` above the versions. */
  readonly schemaField: string
  readonly hasStatus: boolean
  readonly mayHaveManyFields: boolean
}

export function validateParts(
  version: Version,
  path: FieldPath,
  checks: VersionChecks,
  errors: FieldError[],
): void {
  const { wants, rules, schemaField, hasStatus, mayHaveManyFields } = checks
  const schema = version.schema?.openAPIV3Schema
  if (wants.schema && schema !== undefined)
    validateSchema(schema, path.child(schemaField), hasStatus, rules, errors)
  const scale = version.subresources?.scale
  if (wants.subresources && scale !== undefined)
    validateScale(scale, path.child('subresources').child('scale'), errors)
  if (wants.columns)
    version.additionalPrinterColumns?.forEach((column, index) => {
      validateColumn(column, path.child('additionalPrinterColumns').index(index), errors)
    })
  const { selectableFields = [] } = version
  if (wants.selectableFields)
    validateSelectableFields(selectableFields, schema, path, mayHaveManyFields, errors)
}

export { validateWarning }
