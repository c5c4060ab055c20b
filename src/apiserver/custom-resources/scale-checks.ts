import type { apiextensions } from '../../api/generated/types/index.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { isObject } from '../../apimachinery/structural/json-schema.ts'

type Scale = apiextensions.v1.CustomResourceSubresourceScale

const maxReplicas = 2 ** 31 - 1

/** A value's type as Go calls it after decoding JSON. */
function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}

const printed = (value: unknown): string =>
  typeof value === 'string' ? value : value === null ? '<nil>' : JSON.stringify(value)

type Nested = { readonly value: unknown } | { readonly error: string }

/** What is at a dotted path; absent where a field is missing. */
function nested(object: unknown, path: string): Nested {
  let value: unknown = object
  const seen: string[] = []
  for (const field of path.split('.')) {
    if (!isObject(value)) {
      if (value === undefined || value === null) return { value: undefined }
      const at = `.${seen.join('.')}`
      const wrong = `${printed(value)} is of the type ${goType(value)}, expected map[string]interface{}`
      return { error: `${at} accessor error: ${wrong}` }
    }
    if (!Object.hasOwn(value, field)) return { value: undefined }
    value = value[field]
    seen.push(field)
  }
  return { value }
}

const withoutDot = (path: string): string => (path.startsWith('.') ? path.slice(1) : path)

const wrongType = (path: string, value: unknown, wanted: string): string =>
  `.${path} accessor error: ${printed(value)} is of the type ${goType(value)}, expected ${wanted}`

function checkReplicas(object: unknown, where: string, errors: FieldError[]): void {
  const path = withoutDot(where)
  const found = nested(object, path)
  const refuse = (value: number, detail: string): void => {
    errors.push(invalidValue(where, value, detail))
  }
  if ('error' in found) refuse(0, found.error)
  else if (found.value !== undefined) {
    const { value } = found
    if (typeof value !== 'number' || !Number.isInteger(value)) refuse(0, wrongType(path, value, 'int64'))
    else if (value < 0) refuse(value, 'should be a non-negative integer')
    else if (value > maxReplicas) refuse(value, `should be less than or equal to ${maxReplicas}`)
  }
}

/** That what `/scale` shows can be shown; a write of the status looks at the status alone. */
export function validateScale(object: unknown, scale: Scale, statusOnly: boolean): readonly FieldError[] {
  const errors: FieldError[] = []
  if (!statusOnly) checkReplicas(object, scale.specReplicasPath, errors)
  checkReplicas(object, scale.statusReplicasPath, errors)
  const { labelSelectorPath } = scale
  if (labelSelectorPath === undefined) return errors
  const path = withoutDot(labelSelectorPath)
  const found = nested(object, path)
  const error =
    'error' in found
      ? found.error
      : found.value === undefined || typeof found.value === 'string'
        ? undefined
        : wrongType(path, found.value, 'string')
  if (error !== undefined) errors.push(invalidValue(labelSelectorPath, '', error))
  return errors
}
