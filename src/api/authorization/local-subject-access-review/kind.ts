import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { authorization } from '../../generated/types/index.ts'

export const LocalSubjectAccessReview = defineKind<authorization.v1.LocalSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'LocalSubjectAccessReview',
  resource: 'localsubjectaccessreviews',
  namespaced: true,
  schema: 'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
  verbs: ['create'],
})
