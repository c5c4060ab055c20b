import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { validateLabelSelector } from '../../../apimachinery/label-selector-validation.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { checkPositiveQuantity, checkPresent, checkText } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import { validateTemplateMeta } from '../../template-meta.ts'

export const accessModes: readonly string[] = [
  'ReadOnlyMany',
  'ReadWriteMany',
  'ReadWriteOnce',
  'ReadWriteOncePod',
]
export const volumeModes: readonly string[] = ['Block', 'Filesystem']

export function validateAccessModes(modes: readonly string[], path: FieldPath, errors: FieldError[]): void {
  for (const mode of modes)
    if (!accessModes.includes(mode)) errors.push(notSupported(path, mode, accessModes))
  const exclusive = modes.includes('ReadWriteOncePod')
  const shared = modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  if (exclusive && shared)
    errors.push(fieldForbidden(path, 'may not use ReadWriteOncePod with other access modes'))
}

function validateDataSource(
  source: core.v1.TypedLocalObjectReference | core.v1.TypedObjectReference,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkPresent(source.name, path, 'name', errors)
  checkPresent(source.kind, path, 'kind', errors)
  const group = source.apiGroup ?? ''
  if (group !== '') checkText(group, isDns1123Subdomain, path.child('apiGroup'), errors)
  else if (source.kind !== 'PersistentVolumeClaim') {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
    errors.push(invalidValue(path, source.kind ?? '', detail))
  }
  if ('namespace' in source && (source.namespace ?? '') !== '')
    checkText(source.namespace ?? '', isDns1123Label, path.child('namespace'), errors)
}

function validateDataSources(
  spec: core.v1.PersistentVolumeClaimSpec,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { dataSource, dataSourceRef } = spec
  if (dataSource !== undefined) validateDataSource(dataSource, path.child('dataSource'), errors)
  if (dataSourceRef !== undefined) validateDataSource(dataSourceRef, path.child('dataSourceRef'), errors)
  if (dataSource === undefined || dataSourceRef === undefined) return
  if ((dataSourceRef.namespace ?? '') !== '') {
    const detail = 'may not be specified when dataSourceRef.namespace is specified'
    errors.push(invalidValue(path, {}, detail))
    return
  }
  const same = (['apiGroup', 'kind', 'name'] as const).every((key) => dataSource[key] === dataSourceRef[key])
  if (!same) errors.push(invalidValue(path, {}, 'must match dataSourceRef'))
}

function validateStorageRequest(
  spec: core.v1.PersistentVolumeClaimSpec,
  path: FieldPath,
  errors: FieldError[],
): void {
  const storage = spec.resources?.requests?.storage
  const where = path.child('resources').key('storage')
  if (storage === undefined) errors.push(required(where))
  else checkPositiveQuantity(storage, where, errors)
}

/** What a claim asks for; `path` is the specification's. */
export function validateClaimSpec(
  spec: core.v1.PersistentVolumeClaimSpec,
  path: FieldPath,
  errors: FieldError[],
  allowInvalidSelectorValues = false,
): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0)
    errors.push(required(path.child('accessModes'), 'at least 1 access mode is required'))
  validateLabelSelector(spec.selector, path.child('selector'), errors, allowInvalidSelectorValues)
  validateAccessModes(modes, path.child('accessModes'), errors)
  validateStorageRequest(spec, path, errors)
  if ((spec.storageClassName ?? '') !== '')
    checkText(spec.storageClassName ?? '', isDns1123Subdomain, path.child('storageClassName'), errors)
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode))
    errors.push(notSupported(path.child('volumeMode'), spec.volumeMode, volumeModes))
  validateDataSources(spec, path, errors)
  const attributes = spec.volumeAttributesClassName ?? ''
  if (attributes !== '')
    checkText(attributes, isDns1123Subdomain, path.child('volumeAttributesClassName'), errors)
}

/** The template of a generic ephemeral volume's claim. */
export function validateClaimTemplate(
  template: core.v1.PersistentVolumeClaimTemplate,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateTemplateMeta(template.metadata, path.child('metadata'), errors)
  validateClaimSpec(template.spec, path.child('spec'), errors)
}

/** True where a claim asks for less than it did. */
export const asksForLess = (
  claim: core.v1.PersistentVolumeClaim,
  old: core.v1.PersistentVolumeClaim,
): boolean =>
  compareQuantities(
    claim.spec?.resources?.requests?.storage ?? '0',
    old.spec?.resources?.requests?.storage ?? '0',
  ) < 0
