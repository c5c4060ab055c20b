import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const Endpoints = defineKind<core.v1.Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  resource: 'endpoints',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Endpoints',
  shortNames: ['ep'],
  storagePrefix: 'services/endpoints',
  allowCreateOnUpdate: true,
  columns: [nameColumn, ageColumn],
})
