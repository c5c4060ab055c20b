import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { networking } from '../../generated/types/index.ts'

export const IngressClass = defineKind<networking.v1.IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  resource: 'ingressclasses',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.IngressClass',
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
