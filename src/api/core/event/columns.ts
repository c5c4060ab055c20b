import type { Column } from '../../../apimachinery/define-kind.ts'
import type { Time } from '../../../apimachinery/meta.ts'
import { nameColumn, since } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

type Event = core.v1.Event

/** A time that is set; absent and null are not. */
const known = (time: Time | null | undefined): Time | undefined => time || undefined

const firstSeen = (event: Event): Time | undefined => known(event.firstTimestamp) ?? known(event.eventTime)

function lastSeen(event: Event): Time | undefined {
  if (event.series !== undefined) return known(event.series.lastObservedTime)
  return known(event.lastTimestamp) ?? firstSeen(event)
}

/** An event of the newer form that has happened once has no count. */
const countOf = (event: Event): number =>
  event.series === undefined ? event.count || 1 : (event.series.count ?? 0)

function objectOf({ involvedObject }: Event): string {
  const kind = (involvedObject.kind ?? '').toLowerCase()
  return (involvedObject.name ?? '') === '' ? kind : `${kind}/${involvedObject.name}`
}

function sourceOf({ source = {}, reportingComponent = '', reportingInstance = '' }: Event): string {
  const component = source.component || reportingComponent
  const instance = source.host || reportingInstance
  return instance === '' ? component : `${component}, ${instance}`
}

export const eventColumns: readonly Column<Event>[] = [
  {
    name: 'Last Seen',
    type: 'string',
    since: lastSeen,
    value: (event, nowMs) => since(lastSeen(event), nowMs),
  },
  { name: 'Type', type: 'string', value: (event) => event.type ?? '' },
  { name: 'Reason', type: 'string', value: (event) => event.reason ?? '' },
  { name: 'Object', type: 'string', value: objectOf },
  {
    name: 'Subobject',
    type: 'string',
    priority: 1,
    value: (event) => event.involvedObject.fieldPath ?? '',
  },
  { name: 'Source', type: 'string', priority: 1, value: sourceOf },
  { name: 'Message', type: 'string', value: (event) => (event.message ?? '').trim() },
  {
    name: 'First Seen',
    type: 'string',
    priority: 1,
    since: firstSeen,
    value: (event, nowMs) => since(firstSeen(event), nowMs),
  },
  { name: 'Count', type: 'string', priority: 1, value: countOf },
  { ...nameColumn, priority: 1 },
]
