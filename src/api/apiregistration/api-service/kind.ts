import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { apiregistration } from '../../generated/types/index.ts'

export const APIService = defineKind<apiregistration.v1.APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  resource: 'apiservices',
  namespaced: false,
  schema: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  categories: ['api-extensions'],
  nameRule: 'path-segment',
  subresources: { status: {} },
  storagePrefix: 'apiregistration.k8s.io/apiservices',
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
