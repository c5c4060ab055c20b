import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const Secret = defineKind<core.v1.Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Secret',
  columns: [nameColumn, ageColumn],
})
