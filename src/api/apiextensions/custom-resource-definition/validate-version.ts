import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import type { apiextensions } from '../../generated/types/index.ts'

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
    else if (!text.startsWith(`${prefix}.`))
      errors.push(invalidValue(where, text, `should be a json path under ${prefix}`))
  }
  if (selector === '' || selector.startsWith('.spec.') || selector.startsWith('.status.')) return
  const detail = 'should be a json path under either .spec or .status'
  errors.push(invalidValue(path.child('labelSelectorPath'), selector, detail))
}

export function validateVersion(version: Version, path: FieldPath, errors: FieldError[]): void {
  validateWarning(version, path, errors)
  const scale = version.subresources?.scale
  if (scale !== undefined) validateScale(scale, path.child('subresources').child('scale'), errors)
  version.additionalPrinterColumns?.forEach((column, index) => {
    validateColumn(column, path.child('additionalPrinterColumns').index(index), errors)
  })
}
