import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { resource } from '../../generated/types/index.ts'

export const DeviceClass = defineKind<resource.v1.DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  resource: 'deviceclasses',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1.DeviceClass',
  hasGeneration: true,
  returnsDeleted: true,
  columns: [nameColumn, ageColumn],
})
