import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { events } from '../../generated/types/index.ts'

export const EventsEvent = defineKind<events.v1.Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  namespaced: true,
  schema: 'io.k8s.api.events.v1.Event',
  shortNames: ['ev'],
  timeToLiveMs: 3_600_000,
  allowCreateOnUpdate: true,
  columns: [nameColumn, ageColumn],
})
