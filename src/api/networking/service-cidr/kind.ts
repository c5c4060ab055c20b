import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { networking } from '../../generated/types/index.ts'

export const ServiceCIDR = defineKind<networking.v1.ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  resource: 'servicecidrs',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.ServiceCIDR',
  subresources: { status: {} },
  columns: [nameColumn, ageColumn],
})
