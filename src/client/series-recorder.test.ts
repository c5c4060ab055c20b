import { expect, test } from 'vitest'
import type { events } from '../api/generated/types/index.ts'
import { silentLogger } from '../base/logger.ts'
import { createClient } from './create-client.ts'
import type { EventLimits } from './event-sink.ts'
import { type Report, SeriesRecorder } from './series-recorder.ts'
import { FakeApi } from './testing/fake-api.ts'
import { testHost } from './testing/test-host.ts'

function setUp(limits?: EventLimits) {
  const host = testHost()
  const api = new FakeApi(host)
  const recorder = new SeriesRecorder({
    client: createClient(api),
    host,
    logger: silentLogger,
    hostname: 'm',
    ...(limits === undefined ? {} : { limits }),
  })
  const written = () =>
    api.requests
      .filter(({ path }) => path.startsWith('/apis/events.k8s.io/v1/'))
      .map(({ method, body }) => ({ method, body: body as Partial<events.v1.Event> }))
  return { host, recorder, written }
}

const report: Report = {
  regarding: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop', uid: 'u' } },
  type: 'Warning',
  reason: 'FailedScheduling',
  action: 'Scheduling',
  note: 'no node',
  reportingController: 'default-scheduler',
}

test('report() writes who did what to which object', async () => {
  const { host, recorder, written } = setUp()
  recorder.report({ ...report, related: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'q' } } })
  await host.advance(1)
  expect(written()).toMatchObject([
    {
      method: 'POST',
      body: {
        apiVersion: 'events.k8s.io/v1',
        metadata: { namespace: 'shop', name: expect.stringMatching(/^p\.[0-9a-f]{16}$/) },
        regarding: { kind: 'Pod', name: 'p', namespace: 'shop', uid: 'u' },
        related: { kind: 'Pod', name: 'q' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        action: 'Scheduling',
        reason: 'FailedScheduling',
        note: 'no node',
        type: 'Warning',
        reportingController: 'default-scheduler',
        reportingInstance: 'default-scheduler-m',
      },
    },
  ])
  await recorder.stop()
})

test('report() makes a series of the same again, told at its second event and at its end', async () => {
  const { host, recorder, written } = setUp()
  for (let count = 0; count < 5; count++) {
    recorder.report({ ...report, note: `try ${count}` })
    await host.advance(1_000)
  }
  const counts = () => written().map(({ method, body }) => `${method} ${body.series?.count ?? 1}`)
  expect(counts()).toEqual(['POST 1', 'PATCH 2'])
  await host.advance(13 * 60_000)
  expect(counts()).toEqual(['POST 1', 'PATCH 2', 'PATCH 5'])
  recorder.report(report)
  await host.advance(1)
  expect(counts().at(-1)).toBe('POST 1')
  await recorder.stop()
})

test('report() writes as fast, and as many at a time, as it may', async () => {
  const different = (count: number): Report => ({ ...report, reason: `Reason${count}` })
  const counts: number[] = []
  for (const limits of [undefined, { perSecond: 1_000, burst: 1_000, inFlight: 20 }]) {
    const { host, recorder, written } = setUp(limits)
    for (let count = 0; count < 500; count++) recorder.report(different(count))
    await host.advance(1_000)
    counts.push(written().length)
    await host.advance(10_000)
    expect(written().length).toBe(500)
    await recorder.stop()
  }
  // At first a burst of 100, then 50 a second.
  expect(counts).toEqual([150, 500])
})
