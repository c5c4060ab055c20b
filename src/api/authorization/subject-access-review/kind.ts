import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { authorization } from '../../generated/types/index.ts'

export const SubjectAccessReview = defineKind<authorization.v1.SubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  resource: 'subjectaccessreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SubjectAccessReview',
  verbs: ['create'],
})
