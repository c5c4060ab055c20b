import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkNonNegative, checkText } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { validateCsiDriverName } from '../../core/pod/validation/validate-volumes.ts'
import type { storage } from '../../generated/types/index.ts'

type CSINode = storage.v1.CSINode
type Driver = storage.v1.CSINodeDriver

const maxNodeIdBytes = 256
const path = fieldPath('spec').child('drivers')

function validateDriver(driver: Driver, names: Set<string>, where: FieldPath, errors: FieldError[]): void {
  const { name = '', nodeID = '', allocatable } = driver
  const topologyKeys = driver.topologyKeys ?? []
  validateCsiDriverName(name, where.child('name'), errors)
  if (nodeID === '') errors.push(required(where.child('nodeID')))
  if (utf8Length(nodeID) > maxNodeIdBytes) {
    const detail = `must be ${maxNodeIdBytes} characters or less`
    errors.push(invalidValue(where.child('nodeID'), nodeID, detail))
  }
  checkNonNegative(allocatable?.count, where.child('allocatable').child('count'), errors)
  if (names.has(name)) errors.push(duplicate(where.child('name'), name))
  names.add(name)
  topologyKeys.forEach((key, index) => {
    if (key === '') errors.push(required(where))
    if (topologyKeys.indexOf(key) < index) errors.push(duplicate(where, key))
    checkText(key, isQualifiedName, where, errors)
  })
}

/** What a driver registered with; how many volumes fit may change. */
function withoutAllocatable(driver: Driver): Omit<Driver, 'allocatable'> {
  const { allocatable: _changes, ...rest } = driver
  return rest
}

function validate(node: CSINode, old: CSINode | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  const drivers = node.spec?.drivers ?? []
  drivers.forEach((driver, index) => {
    validateDriver(driver, names, path.index(index), errors)
  })
  for (const known of old?.spec?.drivers ?? [])
    for (const driver of drivers.filter(({ name }) => name === known.name))
      validateImmutable(withoutAllocatable(driver), withoutAllocatable(known), path, errors)
  return errors
}

export const CSINode = defineKind<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  resource: 'csinodes',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.CSINode',
  changedMetadata: ['whole'],
  allowUnconditionalUpdate: false,
  returnsDeleted: true,
  validate,
  columns: [
    nameColumn,
    { name: 'Drivers', type: 'integer', value: ({ spec }) => (spec?.drivers ?? []).length },
    ageColumn,
  ],
})
