import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  fieldForbidden,
  forbiddenChange,
  notSupported,
  required,
} from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { hasInvalidLabelValue } from '../../../apimachinery/label-selector-validation.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { checkText, checkValidQuantity } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import { classAnnotation } from '../persistent-volume/storage-class.ts'
import { validateResourceQuantity } from '../pod/validation/validate-resources.ts'
import { isNativeResource } from '../resource-names.ts'
import { withBothSources } from './prepare.ts'
import { asksForLess, validateClaimSpec } from './validate-claim-spec.ts'

type Claim = core.v1.PersistentVolumeClaim
type Spec = core.v1.PersistentVolumeClaimSpec

const resizeStatuses: readonly string[] = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort()

/** Whether the class moves from the annotation of old to the field. */
function classMovesToField(claim: Claim, old: Claim): boolean {
  const oldClass = old.metadata?.annotations?.[classAnnotation]
  const annotated = claim.metadata?.annotations?.[classAnnotation]
  return (
    oldClass !== undefined &&
    old.spec?.storageClassName === undefined &&
    claim.spec?.storageClassName === oldClass &&
    (annotated === undefined || annotated === oldClass)
  )
}

/** Whether a claim without a class gets its first one. */
function classIsFirst(claim: Claim, old: Claim): boolean {
  const oldClass = old.metadata?.annotations?.[classAnnotation]
  const name = claim.spec?.storageClassName
  if (name === undefined || old.spec?.storageClassName !== undefined) return false
  return oldClass === undefined || oldClass === name
}

function withStorage(spec: Spec, storage: string | undefined): Spec {
  const { storage: _own, ...requests } = spec.resources?.requests ?? {}
  const all = storage === undefined ? requests : { ...requests, storage }
  return { ...spec, resources: { ...spec.resources, requests: all } }
}

/** The old specification, whose volume may be named once. */
function comparableOld({ spec = {} }: Claim, { spec: old = {} }: Claim): Spec {
  const before = withBothSources(old)
  if ((old.volumeName ?? '') !== '' || spec.volumeName === undefined) return before
  return { ...before, volumeName: spec.volumeName }
}

/** The new specification with what may change taken from the old one. */
function comparable(claim: Claim, old: Claim): Spec {
  const { spec = {} } = claim
  const { spec: oldSpec = {} } = old
  let next = spec
  const replace = (field: 'storageClassName' | 'volumeAttributesClassName'): void => {
    const { [field]: _own, ...rest } = next
    const value = oldSpec[field]
    next = value === undefined ? rest : { ...rest, [field]: value }
  }
  if (classMovesToField(claim, old) || classIsFirst(claim, old)) replace('storageClassName')
  if (claim.status?.phase !== 'Bound') return next
  replace('volumeAttributesClassName')
  return spec.resources?.requests === undefined
    ? next
    : withStorage(next, oldSpec.resources?.requests?.storage)
}

function validateClassAnnotation(claim: Claim, old: Claim, errors: FieldError[]): void {
  if (classMovesToField(claim, old)) return
  const value = claim.metadata?.annotations?.[classAnnotation] ?? ''
  const before = old.metadata?.annotations?.[classAnnotation] ?? ''
  const where = fieldPath('metadata').child('annotations').key(classAnnotation)
  validateImmutable(value, before, where, errors)
}

function validateAttributesClass(claim: Claim, old: Claim, errors: FieldError[]): void {
  const name = claim.spec?.volumeAttributesClassName
  if (name === old.spec?.volumeAttributesClassName) return
  if (old.status?.currentVolumeAttributesClassName === undefined || (name !== undefined && name !== ''))
    return
  const to = name === undefined ? 'nil' : 'empty string'
  const detail = `update to ${to} is forbidden when status.currentVolumeAttributesClassName is not nil`
  errors.push(fieldForbidden('spec.volumeAttributesClassName', detail))
}

/** Its size may shrink after a failed expansion, but not below what there is. */
function validateSize(claim: Claim, old: Claim, errors: FieldError[]): void {
  if (!asksForLess(claim, old)) return
  const size = claim.spec?.resources?.requests?.storage ?? '0'
  if (compareQuantities(size, old.status?.capacity?.storage ?? '0') > 0) return
  const detail = 'field can not be less than status.capacity'
  errors.push(fieldForbidden('spec.resources.requests.storage', detail))
}

function validateChange(claim: Claim, old: Claim, errors: FieldError[]): void {
  validateClassAnnotation(claim, old, errors)
  const spec = comparable(claim, old)
  const oldSpec = comparableOld(claim, old)
  if (!semanticallyEqual(spec, oldSpec)) {
    const detail =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
    errors.push(forbiddenChange('spec', detail, oldSpec, spec))
  }
  validateSize(claim, old, errors)
  validateImmutable(claim.spec?.volumeMode, old.spec?.volumeMode, fieldPath('volumeMode'), errors)
  validateAttributesClass(claim, old, errors)
}

/** Of native resources a claim has storage alone. */
function validateResourceKey(name: string, path: FieldPath, errors: FieldError[]): boolean {
  const before = errors.length
  checkText(name, isQualifiedName, path, errors)
  if (errors.length === before && isNativeResource(name) && name !== 'storage')
    errors.push(notSupported(path, name, ['storage']))
  return errors.length === before
}

function validateStatus({ status = {}, spec = {} }: Claim, errors: FieldError[]): void {
  const path = fieldPath('status')
  if ((spec.accessModes ?? []).length === 0) errors.push(required('Spec.accessModes'))
  for (const [name, quantity] of Object.entries(status.capacity ?? {}))
    checkValidQuantity(quantity, path.child('capacity').key(name), errors)
  const statuses = path.child('allocatedResourceStatuses')
  for (const [name, resize] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    validateResourceKey(name, statuses, errors)
    if (!resizeStatuses.includes(resize)) errors.push(notSupported(statuses, name, resizeStatuses))
  }
  const allocated = path.child('allocatedResources')
  for (const [name, quantity] of Object.entries(status.allocatedResources ?? {})) {
    if (!validateResourceKey(name, allocated, errors)) continue
    const before = errors.length
    checkValidQuantity(quantity, allocated.key(name), errors)
    if (errors.length === before) validateResourceQuantity('storage', quantity, allocated.key(name), errors)
  }
}

export function validateClaim(
  claim: Claim,
  old: Claim | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validateStatus(claim, errors)
    return errors
  }
  const allowInvalidValues = hasInvalidLabelValue(old?.spec?.selector)
  validateClaimSpec(claim.spec ?? {}, fieldPath('spec'), errors, allowInvalidValues)
  if (old !== undefined) validateChange(claim, old, errors)
  return errors
}
