import { validateConditions } from '../../../apimachinery/condition-validation.ts'
import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { immutableMessage, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1035Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { nameColumn } from '../../columns.ts'
import type { storagemigration } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'

type Migration = storagemigration.v1beta1.StorageVersionMigration

const resourcePath = fieldPath('spec').child('resource')
const statusPath = fieldPath('status')
const shownConditions: readonly string[] = ['Running', 'Failed', 'Succeeded']

function validateSpec({ spec }: Migration, errors: FieldError[]): void {
  const { group = '', resource = '' } = spec?.resource ?? {}
  const where = resourcePath.child('resource')
  const complaints = isDns1035Label(resource)
  if (resource === '') errors.push(required(where, 'resource is required to be set'))
  else if (complaints.length > 0) errors.push(invalidValue(where, resource, complaints.join(',')))
  if (group === '') return
  const groupComplaints = isDns1123Subdomain(group)
  if (groupComplaints.length > 0)
    errors.push(invalidValue(resourcePath.child('group'), group, groupComplaints.join(',')))
}

const isTrue = ({ status }: Migration, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')

/** Why a text is no revision of the store. */
function revisionComplaint(text: string): string | undefined {
  if (text === '' || /^[1-9]\d*$/.test(text)) return undefined
  return `resource version is not well formed: ${text}`
}

function validateStatus(migration: Migration, old: Migration, errors: FieldError[]): void {
  const { resourceVersion = '', conditions = [] } = migration.status ?? {}
  const before = old.status?.resourceVersion ?? ''
  const complaint = revisionComplaint(resourceVersion)
  const where = statusPath.child('conditions')
  if (complaint !== undefined)
    errors.push(invalidValue(statusPath.child('resourceVersion'), resourceVersion, complaint))
  validateConditions(conditions, where, errors)
  if (before !== '' && before !== resourceVersion)
    errors.push(invalidValue(statusPath.child('resourceVersion'), resourceVersion, immutableMessage))
  if (isTrue(migration, 'Succeeded') && isTrue(migration, 'Failed')) {
    const detail = 'Both success and failed conditions cannot be true at the same time'
    errors.push(invalidValue(where, conditions, detail))
  }
  if (isTrue(old, 'Succeeded') && !isTrue(migration, 'Succeeded'))
    errors.push(invalidValue(where, conditions, 'Success condition cannot be set to false once it is true'))
  if (isTrue(old, 'Failed') && !isTrue(migration, 'Failed'))
    errors.push(invalidValue(where, conditions, 'Failed condition cannot be set to false once it is true'))
}

function validate(
  migration: Migration,
  old: Migration | undefined,
  { subresource }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && subresource === 'status') {
    validateStatus(migration, old, errors)
    return errors
  }
  validateSpec(migration, errors)
  if (old !== undefined) validateImmutable(migration.spec, old.spec, fieldPath('spec'), errors)
  return errors
}

/** Asks for all objects of a resource to be written again in the version that is stored now. */
export const StorageVersionMigration = defineKind<Migration>({
  group: 'storagemigration.k8s.io',
  version: 'v1beta1',
  kind: 'StorageVersionMigration',
  resource: 'storageversionmigrations',
  namespaced: false,
  schema: 'io.k8s.api.storagemigration.v1beta1.StorageVersionMigration',
  changedMetadata: ['whole', 'change'],
  featureGate: 'StorageVersionMigrator',
  subresources: { status: {} },
  allowUnconditionalUpdate: false,
  prepareForUpdate: carryOverMetadata,
  validate,
  columns: [
    { ...nameColumn, format: '' },
    {
      name: 'Resource',
      type: 'string',
      value: ({ spec }) => {
        const { group = '', resource = '' } = spec?.resource ?? {}
        return group === '' ? resource : `${resource}.${group}`
      },
    },
    {
      name: 'Status',
      type: 'string',
      value: ({ status }) =>
        (status?.conditions ?? []).findLast(
          (condition) => condition.status === 'True' && shownConditions.includes(condition.type),
        )?.type ?? 'Unknown',
    },
  ],
})
