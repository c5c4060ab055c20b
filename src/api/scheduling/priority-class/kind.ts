import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { scheduling } from '../../generated/types/index.ts'

export const PriorityClass = defineKind<scheduling.v1.PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  namespaced: false,
  schema: 'io.k8s.api.scheduling.v1.PriorityClass',
  shortNames: ['pc'],
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
