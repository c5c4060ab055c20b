import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { resource } from '../../generated/types/index.ts'

export const ResourceClaim = defineKind<resource.v1.ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  resource: 'resourceclaims',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaim',
  subresources: { status: {} },
  columns: [nameColumn, ageColumn],
})
