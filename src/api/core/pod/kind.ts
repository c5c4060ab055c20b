import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const Pod = defineKind<core.v1.Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Pod',
  shortNames: ['po'],
  categories: ['all'],
  subresources: { status: {} },
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
