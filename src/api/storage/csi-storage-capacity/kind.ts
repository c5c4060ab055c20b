import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { storage } from '../../generated/types/index.ts'

export const CSIStorageCapacity = defineKind<storage.v1.CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  resource: 'csistoragecapacities',
  namespaced: true,
  schema: 'io.k8s.api.storage.v1.CSIStorageCapacity',
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
