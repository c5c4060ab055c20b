import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const PersistentVolume = defineKind<core.v1.PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.PersistentVolume',
  shortNames: ['pv'],
  subresources: { status: {} },
  columns: [nameColumn, ageColumn],
})
