import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { autoscaling } from '../../generated/types/index.ts'

/** What `/scale` of a workload gives and takes. */
export const Scale = defineKind<autoscaling.v1.Scale>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  resource: 'scales',
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v1.Scale',
  verbs: ['get', 'patch', 'update'],
  columns: [
    { ...nameColumn, format: '' },
    { name: 'Desired', type: 'integer', value: (scale) => scale.spec?.replicas ?? 0 },
    { name: 'Available', type: 'integer', value: (scale) => scale.status?.replicas ?? 0 },
    ageColumn,
  ],
})
