import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { core } from '../../generated/types/index.ts'
import { eventColumns } from './columns.ts'
import { involvedFields } from './selectable-fields.ts'
import { validateCoreEvent } from './validate.ts'

type Event = core.v1.Event

export const Event = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Event',
  changedMetadata: [],
  looseFinalizers: true,
  nameRule: 'path-segment',
  metadataIsCheckedLast: true,
  shortNames: ['ev'],
  timeToLiveMs: 3_600_000,
  allowCreateOnUpdate: true,
  validate: validateCoreEvent,
  selectableFields: {
    ...involvedFields('involvedObject', (event: Event) => event.involvedObject),
    reason: (event) => event.reason ?? '',
    reportingComponent: (event) => event.reportingComponent ?? '',
    source: (event) => event.source?.component || (event.reportingComponent ?? ''),
    type: (event) => event.type ?? '',
  },
  columns: eventColumns,
})
