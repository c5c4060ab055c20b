import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { rbac } from '../../generated/types/index.ts'

export const Role = defineKind<rbac.v1.Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  resource: 'roles',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.Role',
  nameRule: 'path-segment',
  allowCreateOnUpdate: true,
  columns: [nameColumn, ageColumn],
})
