import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { networking } from '../../generated/types/index.ts'

export const Ingress = defineKind<networking.v1.Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  resource: 'ingresses',
  namespaced: true,
  schema: 'io.k8s.api.networking.v1.Ingress',
  shortNames: ['ing'],
  subresources: { status: {} },
  storagePrefix: 'ingress',
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
