import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, tooLong } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import type { resource } from '../../generated/types/index.ts'

type Attribute = resource.v1.DeviceAttribute

const maxValueBytes = 64
const number = '(0|[1-9]\\d*)'
const label = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const build = '[0-9a-zA-Z-]+'
/** Major, minor and patch, then an optional pre-release and an optional build (semver.org 2.0.0). */
const version = new RegExp(
  `^${number}\\.${number}\\.${number}(-${label}(\\.${label})*)?(\\+${build}(\\.${build})*)?$`,
)

const listFields = ['bools', 'ints', 'strings', 'versions'] as const
const fields = ['bool', 'int', 'string', 'version', ...listFields] as const

function checkLength(text: string, path: FieldPath, errors: FieldError[]): void {
  if (utf8Length(text) > maxValueBytes) errors.push(tooLong(path, maxValueBytes))
}

function checkVersion(text: string, path: FieldPath, errors: FieldError[]): void {
  if (!version.test(text))
    errors.push(invalidValue(path, text, 'must be a string compatible with semver.org spec 2.0.0'))
  checkLength(text, path, errors)
}

/** How many values an attribute has. */
export function countValues(attribute: Attribute): number {
  const count = listFields.reduce((sum, field) => sum + (attribute[field]?.length ?? 0), 0)
  return count === 0 ? 1 : count
}

export const hasLists = (attribute: Attribute): boolean =>
  listFields.some((field) => attribute[field] !== undefined)

/** Exactly one of its fields. */
export function validateAttribute(attribute: Attribute, path: FieldPath, errors: FieldError[]): void {
  if (attribute.string !== undefined) checkLength(attribute.string, path.child('string'), errors)
  if (attribute.version !== undefined) checkVersion(attribute.version, path.child('version'), errors)
  for (const field of listFields) {
    const list = attribute[field]
    if (list !== undefined && list.length === 0)
      errors.push(invalidValue(path.child(field), list, 'must not be empty if specified'))
  }
  attribute.strings?.forEach((text, index) => {
    checkLength(text, path.child('strings').index(index), errors)
  })
  attribute.versions?.forEach((text, index) => {
    checkVersion(text, path.child('versions').index(index), errors)
  })
  const count = fields.filter((field) => attribute[field] !== undefined).length
  if (count === 1) return
  errors.push(invalidValue(path, count === 0 ? '' : attribute, 'exactly one value must be specified'))
}
