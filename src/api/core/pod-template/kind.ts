import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const PodTemplate = defineKind<core.v1.PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  resource: 'podtemplates',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.PodTemplate',
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
