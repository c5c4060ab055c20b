import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { storage } from '../../generated/types/index.ts'

export const VolumeAttributesClass = defineKind<storage.v1.VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  resource: 'volumeattributesclasses',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.VolumeAttributesClass',
  shortNames: ['vac'],
  columns: [nameColumn, ageColumn],
})
