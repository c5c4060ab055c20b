import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { rbac } from '../../generated/types/index.ts'
import { bindingColumns, defaultBinding, validateBinding } from '../bindings.ts'

export const ClusterRoleBinding = defineKind<rbac.v1.ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  changedMetadata: ['whole', 'change'],
  nameRule: 'path-segment',
  allowCreateOnUpdate: true,
  defaults: defaultBinding,
  validate: (binding, old) => validateBinding(binding, old, ['ClusterRole']),
  columns: bindingColumns,
})
