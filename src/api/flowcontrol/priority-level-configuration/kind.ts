import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { flowcontrol } from '../../generated/types/index.ts'

export const PriorityLevelConfiguration = defineKind<flowcontrol.v1.PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  resource: 'prioritylevelconfigurations',
  namespaced: false,
  schema: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration',
  subresources: { status: {} },
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
