import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { storage } from '../../generated/types/index.ts'

export const CSIDriver = defineKind<storage.v1.CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  resource: 'csidrivers',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.CSIDriver',
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
