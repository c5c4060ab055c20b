import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, tooLong } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { isConfigMapKey } from '../../../apimachinery/label-syntax.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'
import { decodedLength, maxDataBytes } from '../data-size.ts'

type ConfigMap = core.v1.ConfigMap

function validate(map: ConfigMap): readonly FieldError[] {
  const errors: FieldError[] = []
  const { data = {}, binaryData = {} } = map
  let bytes = 0
  for (const key in data) {
    const where = fieldPath('data').key(key)
    for (const complaint of isConfigMapKey(key)) errors.push(invalidValue(where, key, complaint))
    if (key in binaryData) errors.push(invalidValue(where, key, 'duplicate of key present in binaryData'))
    bytes += utf8Length(data[key] ?? '')
  }
  for (const key in binaryData) {
    const where = fieldPath('binaryData').key(key)
    for (const complaint of isConfigMapKey(key)) errors.push(invalidValue(where, key, complaint))
    bytes += decodedLength(binaryData[key] ?? '')
  }
  if (bytes > maxDataBytes) errors.push(tooLong('[]', maxDataBytes))
  return errors
}

function validateChange(map: ConfigMap, old: ConfigMap): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old.immutable !== true) return errors
  const detail = 'field is immutable when `immutable` is set'
  if (map.immutable !== true) errors.push(fieldForbidden('immutable', detail))
  for (const field of ['data', 'binaryData'] as const)
    if (!semanticallyEqual(map[field], old[field])) errors.push(fieldForbidden(field, detail))
  return errors
}

export const ConfigMap = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ConfigMap',
  changedMetadata: ['change', 'whole'],
  shortNames: ['cm'],
  validateChange,
  validate,
  columns: [
    nameColumn,
    {
      name: 'Data',
      type: 'string',
      value: ({ data = {}, binaryData = {} }) => Object.keys(data).length + Object.keys(binaryData).length,
    },
    ageColumn,
  ],
})
