import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { discovery } from '../../generated/types/index.ts'

export const EndpointSlice = defineKind<discovery.v1.EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  namespaced: true,
  schema: 'io.k8s.api.discovery.v1.EndpointSlice',
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
