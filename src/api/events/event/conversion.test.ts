import { expect, test } from 'vitest'
import type { core } from '../../generated/types/index.ts'
import { rejections } from '../../testing/rejections.ts'
import { fromCoreEvent, toCoreEvent } from './conversion.ts'
import { EventsEvent } from './kind.ts'

const old: core.v1.Event = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'web.1', namespace: 'default' },
  involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' },
  reason: 'Started',
  message: 'Started container',
  source: { component: 'kubelet', host: 'n1' },
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:01:00Z',
  count: 3,
  type: 'Normal',
  reportingComponent: 'kubelet',
  reportingInstance: 'n1',
}

test('fromCoreEvent() says the same in the newer words', () => {
  expect(fromCoreEvent(old)).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'web.1', namespace: 'default' },
    regarding: { kind: 'Pod', name: 'web', namespace: 'default' },
    reason: 'Started',
    note: 'Started container',
    deprecatedSource: { component: 'kubelet', host: 'n1' },
    deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
    deprecatedLastTimestamp: '2026-01-01T00:01:00Z',
    deprecatedCount: 3,
    type: 'Normal',
    reportingController: 'kubelet',
    reportingInstance: 'n1',
  })
})

test('toCoreEvent() and fromCoreEvent() go there and back', () => {
  expect(toCoreEvent(fromCoreEvent(old))).toEqual(old)
})

test('EventsEvent.validate() is strict, in the words of the stored version', () => {
  const event = { metadata: { name: 'e', namespace: 'default' }, type: 'Odd', series: { count: 1 } }
  expect(rejections(EventsEvent, event)).toEqual([
    'series.count: Invalid value: "": should be at least 2',
    'series.lastObservedTime: Required value',
    'eventTime: Required value',
    'type: Invalid value: "": has invalid value: Odd',
  ])
})

test('EventsEvent.columns tell when, what and about whom', () => {
  const cells = EventsEvent.columns.map(({ value }) => value(fromCoreEvent(old), Date.UTC(2026, 0, 1, 0, 2)))
  expect(cells).toEqual([
    '60s',
    'Normal',
    'Started',
    'pod/web',
    '',
    'kubelet, n1',
    'Started container',
    '2m',
    3,
    'web.1',
  ])
})
