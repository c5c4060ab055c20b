import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { core } from '../../generated/types/index.ts'

export const Binding = defineKind<core.v1.Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  resource: 'bindings',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Binding',
  verbs: ['create'],
})
