import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { isExtendedResource } from '../../core/resource-names.ts'
import type { resource } from '../../generated/types/index.ts'
import { deviceClassGates } from '../gated-fields.ts'
import { validateItems } from '../lists.ts'
import { validateDeviceConfiguration } from '../validate-configuration.ts'
import { validateDeviceSelectors } from '../validate-selectors.ts'

type DeviceClass = resource.v1.DeviceClass

const maxConfigurations = 32

function validate({ spec }: DeviceClass, old: DeviceClass | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const stored = old !== undefined && semanticallyEqual(spec?.config, old.spec?.config)
  const sameSelectors = old !== undefined && semanticallyEqual(spec?.selectors, old.spec?.selectors)
  validateDeviceSelectors(spec?.selectors, path.child('selectors'), errors, sameSelectors)
  validateItems(
    spec?.config ?? [],
    maxConfigurations,
    (config, where, list) => validateDeviceConfiguration(config, stored, where, list),
    path.child('config'),
    errors,
  )
  const name = spec?.extendedResourceName
  if (name !== undefined && !isExtendedResource(name)) {
    const detail = 'must be a valid extended resource name'
    errors.push(invalidValue(path.child('extendedResourceName'), name, detail))
  }
  return errors
}

export const DeviceClass = defineKind<DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  resource: 'deviceclasses',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1.DeviceClass',
  changedMetadata: ['whole', 'change'],
  nameRule: 'long-name',
  hasGeneration: true,
  returnsDeleted: true,
  gatedFields: deviceClassGates,
  validate,
  columns: [nameColumn, ageColumn],
})
