import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { authentication } from '../../generated/types/index.ts'

export const SelfSubjectReview = defineKind<authentication.v1.SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  namespaced: false,
  schema: 'io.k8s.api.authentication.v1.SelfSubjectReview',
  verbs: ['create'],
})
