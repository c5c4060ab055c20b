import { defineKind } from '../../../apimachinery/define-kind.ts'
import { fieldLabelComplaint } from '../../../apimachinery/selectors/field-labels.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'
import { classAnnotation, formatAccessModes, storageClassOf } from '../persistent-volume/storage-class.ts'
import { claimSpecWarnings } from './claim-spec-warnings.ts'
import { defaultClaim } from './defaults.ts'
import { prepareClaimForCreate, prepareClaimForUpdate } from './prepare.ts'
import { validateClaim } from './validate.ts'

type Claim = core.v1.PersistentVolumeClaim

function warnings({ metadata, spec }: Claim): readonly string[] {
  const found: string[] = []
  if (classAnnotation in (metadata?.annotations ?? {}))
    found.push(
      `metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`,
    )
  found.push(...claimSpecWarnings(spec, 'spec'))
  return found
}

const phaseOf = (claim: Claim): string =>
  claim.metadata?.deletionTimestamp === undefined ? (claim.status?.phase ?? '') : 'Terminating'

const isBound = ({ spec }: Claim): boolean => (spec?.volumeName ?? '') !== ''

export const PersistentVolumeClaim = defineKind<Claim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  resource: 'persistentvolumeclaims',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  changedMetadata: ['change', 'whole'],
  shortNames: ['pvc'],
  subresources: { status: {} },
  returnsDeleted: true,
  defaults: defaultClaim,
  prepareForCreate: prepareClaimForCreate,
  prepareForUpdate: prepareClaimForUpdate,
  validate: validateClaim,
  warnings,
  unselectable: (field) => fieldLabelComplaint({ selectableFields: {} }, field) ?? '',
  selectableFields: { name: (claim) => claim.metadata?.name ?? '' },
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', value: phaseOf },
    { name: 'Volume', type: 'string', value: ({ spec }) => spec?.volumeName ?? '' },
    {
      name: 'Capacity',
      type: 'string',
      value: (claim) => (isBound(claim) ? (claim.status?.capacity?.storage ?? '0') : ''),
    },
    {
      name: 'Access Modes',
      type: 'string',
      value: (claim) => (isBound(claim) ? formatAccessModes(claim.status?.accessModes) : ''),
    },
    { name: 'StorageClass', type: 'string', value: storageClassOf },
    {
      name: 'VolumeAttributesClass',
      type: 'string',
      value: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    },
    ageColumn,
    {
      name: 'VolumeMode',
      type: 'string',
      priority: 1,
      value: ({ spec }) => spec?.volumeMode ?? '<unset>',
    },
  ],
})
