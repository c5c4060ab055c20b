import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { authentication } from '../../generated/types/index.ts'

export const TokenReview = defineKind<authentication.v1.TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  resource: 'tokenreviews',
  namespaced: false,
  schema: 'io.k8s.api.authentication.v1.TokenReview',
  verbs: ['create'],
})
