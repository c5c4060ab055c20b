import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { authorization } from '../../generated/types/index.ts'

export const SelfSubjectAccessReview = defineKind<authorization.v1.SelfSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  verbs: ['create'],
})
