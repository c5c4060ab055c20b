import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { storage } from '../../generated/types/index.ts'

export const StorageClass = defineKind<storage.v1.StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  resource: 'storageclasses',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.StorageClass',
  shortNames: ['sc'],
  columns: [nameColumn, ageColumn],
})
