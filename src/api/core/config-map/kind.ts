import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const ConfigMap = defineKind<core.v1.ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ConfigMap',
  shortNames: ['cm'],
  columns: [nameColumn, ageColumn],
})
