import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { storage } from '../../generated/types/index.ts'

export const CSINode = defineKind<storage.v1.CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  resource: 'csinodes',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.CSINode',
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
