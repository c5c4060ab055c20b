import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { rbac } from '../../generated/types/index.ts'

export const ClusterRoleBinding = defineKind<rbac.v1.ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  nameRule: 'path-segment',
  allowCreateOnUpdate: true,
  columns: [nameColumn, ageColumn],
})
