import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { policy } from '../../generated/types/index.ts'

/** What is posted to a pod's `/eviction`. */
export const Eviction = defineKind<policy.v1.Eviction>({
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  resource: 'evictions',
  namespaced: true,
  schema: 'io.k8s.api.policy.v1.Eviction',
  verbs: ['create'],
})
