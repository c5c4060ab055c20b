import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { rbac } from '../../generated/types/index.ts'
import { bindingColumns, defaultBinding, validateBinding } from '../bindings.ts'

export const RoleBinding = defineKind<rbac.v1.RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  resource: 'rolebindings',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.RoleBinding',
  changedMetadata: ['whole', 'change'],
  nameRule: 'path-segment',
  allowCreateOnUpdate: true,
  defaults: defaultBinding,
  validate: (binding, old) => validateBinding(binding, old, ['Role', 'ClusterRole']),
  columns: bindingColumns,
})
