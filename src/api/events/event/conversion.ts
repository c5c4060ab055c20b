import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { present } from '../../defaulting.ts'
import type { core, events } from '../../generated/types/index.ts'

/** An event as this version shows it. Those that came in as core/v1 need not have a time in microseconds. */
export type NewEvent = Omit<events.v1.Event, 'eventTime' | 'series'> &
  Pick<core.v1.Event, 'eventTime' | 'series'>

/** Both versions of an event say the same in other words; core/v1 is what is stored. */
export function toCoreEvent(event: NewEvent): core.v1.Event {
  const {
    regarding,
    note,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    reportingController,
    reportingInstance,
    metadata,
    ...same
  } = event
  return {
    ...same,
    apiVersion: 'v1',
    metadata: metadata ?? {},
    involvedObject: regarding ?? {},
    source: deprecatedSource ?? {},
    reportingComponent: reportingController ?? '',
    reportingInstance: reportingInstance ?? '',
    ...present({
      message: note,
      firstTimestamp: deprecatedFirstTimestamp,
      lastTimestamp: deprecatedLastTimestamp,
      count: deprecatedCount,
    }),
  }
}

/** An event of core/v1, whose type is known from where it was stored. */
const isCoreEvent = (object: KubernetesObject): object is core.v1.Event => 'involvedObject' in object

export function fromCoreEvent(object: KubernetesObject): NewEvent {
  if (!isCoreEvent(object)) throw new TypeError(`an event of ${object.apiVersion} is not core's`)
  const {
    involvedObject,
    message,
    source,
    firstTimestamp,
    lastTimestamp,
    count,
    reportingComponent,
    reportingInstance,
    ...same
  } = object
  return {
    ...same,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    deprecatedSource: source ?? {},
    ...present({
      note: message,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
      deprecatedCount: count,
      reportingController: reportingComponent || undefined,
      reportingInstance: reportingInstance || undefined,
    }),
  }
}
