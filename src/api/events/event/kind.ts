import { type Column, defineKind } from '../../../apimachinery/define-kind.ts'
import { eventColumns } from '../../core/event/columns.ts'
import { involvedFields, referenceFields } from '../../core/event/selectable-fields.ts'
import { validateStrictEvent } from '../../core/event/validate.ts'
import type { core } from '../../generated/types/index.ts'
import { fromCoreEvent, type NewEvent, toCoreEvent } from './conversion.ts'

function converted({ since, value, ...column }: Column<core.v1.Event>): Column<NewEvent> {
  return {
    ...column,
    value: (event, nowMs) => value(toCoreEvent(event), nowMs),
    ...(since === undefined ? {} : { since: (event: NewEvent) => since(toCoreEvent(event)) }),
  }
}

export const EventsEvent = defineKind<NewEvent>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  namespaced: true,
  schema: 'io.k8s.api.events.v1.Event',
  shortNames: ['ev'],
  timeToLiveMs: 3_600_000,
  allowCreateOnUpdate: true,
  stored: {
    version: { group: '', version: 'v1', kind: 'Event' },
    toStored: toCoreEvent,
    fromStored: fromCoreEvent,
    fieldNames: {
      reportingController: 'reportingComponent',
      ...Object.fromEntries(referenceFields.map((name) => [`regarding.${name}`, `involvedObject.${name}`])),
    },
  },
  validate: (event, old) =>
    validateStrictEvent(toCoreEvent(event), old === undefined ? undefined : toCoreEvent(old)),
  selectableFields: {
    ...involvedFields('regarding', (event: NewEvent) => event.regarding),
    reason: (event) => event.reason ?? '',
    reportingController: (event) => event.reportingController ?? '',
    type: (event) => event.type ?? '',
  },
  columns: eventColumns.map(converted),
})
