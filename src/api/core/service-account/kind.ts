import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const ServiceAccount = defineKind<core.v1.ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ServiceAccount',
  shortNames: ['sa'],
  columns: [nameColumn, ageColumn],
})
