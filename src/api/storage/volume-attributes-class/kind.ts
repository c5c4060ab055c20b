import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { storage } from '../../generated/types/index.ts'
import { kindUnderVersion } from '../../in-version.ts'
import { validateDriver, validateParameters } from '../parameters.ts'

type VolumeAttributesClass = storage.v1.VolumeAttributesClass

function validate(
  object: VolumeAttributesClass,
  old: VolumeAttributesClass | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined)
    for (const field of ['driverName', 'parameters'] as const)
      if (!semanticallyEqual(object[field], old[field]))
        errors.push(fieldForbidden(field, `updates to ${field} are forbidden.`))
  validateDriver(object.driverName ?? '', 'driverName', errors)
  validateParameters(object.parameters, fieldPath('parameters'), errors)
  if (Object.keys(object.parameters ?? {}).length === 0)
    errors.push(required('parameters', 'must contain at least one key/value pair'))
  return errors
}

export const VolumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  resource: 'volumeattributesclasses',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.VolumeAttributesClass',
  changedMetadata: ['change', 'whole'],
  shortNames: ['vac'],
  returnsDeleted: true,
  validate,
  columns: [
    nameColumn,
    { name: 'DriverName', type: 'string', value: ({ driverName }) => driverName ?? '' },
    ageColumn,
  ],
})

export const VolumeAttributesClassV1Beta1 = kindUnderVersion(VolumeAttributesClass, {
  version: 'v1beta1',
  schema: 'io.k8s.api.storage.v1beta1.VolumeAttributesClass',
  deprecated: { since: '1.34', removed: '1.37', use: 'storage.k8s.io/v1 VolumeAttributesClass' },
})
