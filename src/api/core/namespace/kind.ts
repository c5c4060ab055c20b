import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const Namespace = defineKind<core.v1.Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Namespace',
  shortNames: ['ns'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  nameRule: 'label',
  subresources: { status: {} },
  columns: [nameColumn, ageColumn],
})
