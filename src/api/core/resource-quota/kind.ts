import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const ResourceQuota = defineKind<core.v1.ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ResourceQuota',
  shortNames: ['quota'],
  subresources: { status: {} },
  columns: [nameColumn, ageColumn],
})
