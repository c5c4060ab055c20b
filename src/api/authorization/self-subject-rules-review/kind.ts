import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { authorization } from '../../generated/types/index.ts'

export const SelfSubjectRulesReview = defineKind<authorization.v1.SelfSubjectRulesReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  resource: 'selfsubjectrulesreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  verbs: ['create'],
})
