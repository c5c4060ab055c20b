import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { storage } from '../../generated/types/index.ts'

export const VolumeAttachment = defineKind<storage.v1.VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  resource: 'volumeattachments',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.VolumeAttachment',
  subresources: { status: {} },
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
