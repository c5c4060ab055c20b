import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { resource } from '../../generated/types/index.ts'

export const ResourceSlice = defineKind<resource.v1.ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  resource: 'resourceslices',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1.ResourceSlice',
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
