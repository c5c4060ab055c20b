import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { flowcontrol } from '../../generated/types/index.ts'

export const FlowSchema = defineKind<flowcontrol.v1.FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  resource: 'flowschemas',
  namespaced: false,
  schema: 'io.k8s.api.flowcontrol.v1.FlowSchema',
  subresources: { status: {} },
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
