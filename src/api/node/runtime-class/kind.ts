import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { node } from '../../generated/types/index.ts'

export const RuntimeClass = defineKind<node.v1.RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  namespaced: false,
  schema: 'io.k8s.api.node.v1.RuntimeClass',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
