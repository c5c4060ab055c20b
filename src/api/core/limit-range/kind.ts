import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const LimitRange = defineKind<core.v1.LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  resource: 'limitranges',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.LimitRange',
  shortNames: ['limits'],
  allowCreateOnUpdate: true,
  columns: [nameColumn, ageColumn],
})
