import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { resource } from '../../generated/types/index.ts'

export const ResourceClaimTemplate = defineKind<resource.v1.ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  resource: 'resourceclaimtemplates',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaimTemplate',
  columns: [nameColumn, ageColumn],
})
