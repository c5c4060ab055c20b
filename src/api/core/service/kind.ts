import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const Service = defineKind<core.v1.Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  resource: 'services',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Service',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: { status: {} },
  storagePrefix: 'services/specs',
  allowCreateOnUpdate: true,
  columns: [nameColumn, ageColumn],
})
