import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { rbac } from '../../generated/types/index.ts'

export const ClusterRole = defineKind<rbac.v1.ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  resource: 'clusterroles',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRole',
  nameRule: 'path-segment',
  allowCreateOnUpdate: true,
  columns: [nameColumn, ageColumn],
})
