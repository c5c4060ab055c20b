import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import {
  hasInvalidLabelValue,
  validateLabelSelector,
} from '../../../apimachinery/label-selector-validation.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkNonNegativeQuantity, checkText } from '../../checks.ts'
import { nodeLabelSelectorWarnings } from '../../core/node/deprecated-labels.ts'
import type { storage } from '../../generated/types/index.ts'

type CSIStorageCapacity = storage.v1.CSIStorageCapacity

function validate(object: CSIStorageCapacity, old: CSIStorageCapacity | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const topology = fieldPath('nodeTopology')
  validateLabelSelector(object.nodeTopology, topology, errors, hasInvalidLabelValue(old?.nodeTopology))
  checkText(object.storageClassName ?? '', isDns1123Subdomain, 'storageClassName', errors)
  if (object.capacity !== undefined) checkNonNegativeQuantity(object.capacity, 'capacity', errors)
  if (old === undefined) return errors
  validateImmutable(object.nodeTopology, old.nodeTopology, topology, errors)
  validateImmutable(object.storageClassName, old.storageClassName, fieldPath('storageClassName'), errors)
  return errors
}

export const CSIStorageCapacity = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  resource: 'csistoragecapacities',
  namespaced: true,
  schema: 'io.k8s.api.storage.v1.CSIStorageCapacity',
  changedMetadata: ['whole', 'change'],
  allowUnconditionalUpdate: false,
  validate,
  warnings: (object) => nodeLabelSelectorWarnings(object.nodeTopology, 'nodeTopology'),
})
