import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { networking } from '../../generated/types/index.ts'

export const NetworkPolicy = defineKind<networking.v1.NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  namespaced: true,
  schema: 'io.k8s.api.networking.v1.NetworkPolicy',
  shortNames: ['netpol'],
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
