import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, invalidValue, required, tooMany } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { resolveFieldPath } from '../../../apimachinery/structural/field-paths.ts'
import type { JsonSchema } from '../../../apimachinery/structural/json-schema.ts'
import { unsupportedWord } from '../../../apimachinery/structural/unsupported-word.ts'
import type { apiextensions } from '../../generated/types/index.ts'

type SelectableField = apiextensions.v1.SelectableField

const maxFields = 8
const scalars: readonly string[] = ['string', 'boolean', 'integer']

/** `parent` has the fields and the schema; `mayBeMany`: there were too many before, the same ones. */
export function validateSelectableFields(
  fields: readonly SelectableField[],
  schema: JsonSchema | undefined,
  parent: FieldPath,
  mayBeMany: boolean,
  errors: FieldError[],
): void {
  if (fields.length === 0) return
  const path = parent.child('selectableFields')
  if (schema === undefined) {
    const detail = 'may only be set when `version.schema.openAPIV3Schema` is not included'
    errors.push(invalidValue(path, '', detail))
    return
  }
  const unsupported = unsupportedWord(schema)
  if (unsupported !== undefined)
    errors.push(invalidValue(parent.child('schema').child('openAPIV3Schema'), '', unsupported))
  const known = new Set<string>()
  fields.forEach(({ jsonPath = '' }, index) => {
    const where = path.index(index).child('jsonPath')
    if (jsonPath === '') {
      errors.push(required(where))
      return
    }
    const found = resolveFieldPath(jsonPath, schema, false)
    if ('error' in found) {
      errors.push(invalidValue(where, jsonPath, `is an invalid path: ${found.error}`))
      return
    }
    if (found.steps[0]?.name === 'metadata')
      errors.push(invalidValue(where, jsonPath, 'must not point to fields in metadata'))
    if (!scalars.includes(found.schema.type ?? '')) {
      const detail =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
      errors.push(invalidValue(where, jsonPath, detail))
    }
    const name = JSON.stringify(found.steps)
    if (known.has(name)) errors.push(duplicate(where, jsonPath))
    known.add(name)
  })
  if (known.size > maxFields && !mayBeMany) errors.push(tooMany(path, known.size, maxFields))
}
