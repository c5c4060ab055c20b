import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { apiserverinternal } from '../../generated/types/index.ts'
import { listCell } from '../../list-cell.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import { nameComplaints, validateStorageVersion } from './validate.ts'

type StorageVersion = apiserverinternal.v1alpha1.StorageVersion

const formatVersions = ({ status }: StorageVersion): string =>
  listCell(
    (status?.storageVersions ?? []).map(
      ({ apiServerID = '', encodingVersion = '' }) => `${apiServerID}=${encodingVersion}`,
    ),
    '<unset>',
  )

/** In which version each API server stores a resource. */
export const StorageVersion = defineKind<StorageVersion>({
  group: 'internal.apiserver.k8s.io',
  version: 'v1alpha1',
  kind: 'StorageVersion',
  resource: 'storageversions',
  namespaced: false,
  schema: 'io.k8s.api.apiserverinternal.v1alpha1.StorageVersion',
  changedMetadata: [],
  nameRule: 'path-segment',
  nameComplaints,
  subresources: { status: {} },
  allowUnconditionalUpdate: false,
  prepareForUpdate: carryOverMetadata,
  validate: validateStorageVersion,
  columns: [
    nameColumn,
    {
      name: 'CommonEncodingVersion',
      type: 'string',
      value: ({ status }) => status?.commonEncodingVersion ?? '<unset>',
    },
    { name: 'StorageVersions', type: 'string', value: formatVersions },
    ageColumn,
  ],
})
