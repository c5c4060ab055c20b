import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const PersistentVolumeClaim = defineKind<core.v1.PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  resource: 'persistentvolumeclaims',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  shortNames: ['pvc'],
  subresources: { status: {} },
  columns: [nameColumn, ageColumn],
})
