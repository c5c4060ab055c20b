import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { authentication } from '../../generated/types/index.ts'

/** What is posted to a service account's `/token`. */
export const TokenRequest = defineKind<authentication.v1.TokenRequest>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  resource: 'tokenrequests',
  namespaced: true,
  schema: 'io.k8s.api.authentication.v1.TokenRequest',
  verbs: ['create'],
})
