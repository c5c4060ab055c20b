import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const Event = defineKind<core.v1.Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Event',
  shortNames: ['ev'],
  timeToLiveMs: 3_600_000,
  allowCreateOnUpdate: true,
  columns: [nameColumn, ageColumn],
})
