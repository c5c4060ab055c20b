import { beforeEach, expect, test } from 'vitest'
import type { core } from '../api/generated/types/index.ts'
import { statusError } from '../apimachinery/status-error.ts'
import { silentLogger } from '../base/logger.ts'
import type { VirtualHost } from '../base/virtual-host.ts'
import { createClient } from './create-client.ts'
import { EventRecorder } from './event-recorder.ts'
import { FakeApi } from './testing/fake-api.ts'
import { testHost } from './testing/test-host.ts'

let host: VirtualHost
let api: FakeApi
let recorder: EventRecorder

const web = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '5' },
}

beforeEach(() => {
  host = testHost()
  api = new FakeApi(host)
  const client = createClient(api)
  recorder = new EventRecorder({ client, host, logger: silentLogger, component: 'replicaset-controller' })
})

async function events(): Promise<readonly core.v1.Event[]> {
  await host.advance(1)
  const response = api.request({ method: 'GET', path: '/api/v1/events' })
  await host.advance(1)
  return ((await response).body as core.v1.EventList).items
}

test('event() writes what happened to which object', async () => {
  recorder.event(web, 'Normal', 'SuccessfulCreate', 'Created pod: web-1', 'spec.containers{web}')
  const [event] = await events()
  expect(event).toMatchObject({
    involvedObject: {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'web',
      namespace: 'shop',
      uid: 'u1',
      resourceVersion: '5',
      fieldPath: 'spec.containers{web}',
    },
    metadata: { namespace: 'shop' },
    reason: 'SuccessfulCreate',
    message: 'Created pod: web-1',
    type: 'Normal',
    count: 1,
    source: { component: 'replicaset-controller' },
    reportingComponent: 'replicaset-controller',
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
  })
  expect(event?.metadata.name).toMatch(/^web\.[0-9a-f]{16}$/)
})

test('event() about an object of cluster scope goes to the default namespace', async () => {
  recorder.event({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }, 'Normal', 'Ready', 'ready')
  expect((await events())[0]?.metadata.namespace).toBe('default')
})

test('event() names the events of one moment in their order', async () => {
  const reasons = ['Pulling', 'Pulled', 'Created', 'Started', 'Killing']
  for (const reason of reasons) recorder.event(web, 'Normal', reason, reason)
  const named = (await events()).toSorted((a, b) =>
    (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1,
  )
  expect(named.map(({ reason }) => reason)).toEqual(reasons)
})

test('event() counts the same event', async () => {
  recorder.event(web, 'Warning', 'FailedCreate', 'no quota')
  await host.advance(60_000)
  recorder.event(web, 'Warning', 'FailedCreate', 'no quota')
  const all = await events()
  expect(all).toHaveLength(1)
  expect(all[0]).toMatchObject({ count: 2, lastTimestamp: '2026-01-01T00:01:00Z' })
  expect(all[0]?.firstTimestamp).toBe('2026-01-01T00:00:00Z')
})

test('event() combines ten similar events', async () => {
  for (let index = 1; index <= 15; index++) recorder.event(web, 'Normal', 'Created', `pod ${index}`)
  const all = await events()
  expect(all).toHaveLength(10)
  const combined = all.filter(({ message }) => message?.startsWith('(combined from similar events): '))
  expect(combined).toHaveLength(1)
  expect(combined[0]).toMatchObject({ message: '(combined from similar events): pod 15', count: 6 })
})

test('event() lets 25 events about an object through, then one in five minutes', async () => {
  for (let index = 0; index < 100; index++) recorder.event(web, 'Normal', `Reason${index}`, 'text')
  expect(await events()).toHaveLength(25)
  await host.advance(300_000)
  for (let index = 0; index < 10; index++) recorder.event(web, 'Normal', `Later${index}`, 'text')
  expect(await events()).toHaveLength(26)
})

test('event() creates an event anew whose hour is over', async () => {
  recorder.event(web, 'Normal', 'Scaled', 'up')
  const [first] = await events()
  const path = `/api/v1/namespaces/shop/events/${first?.metadata.name}`
  const deletion = api.request({ method: 'DELETE', path })
  await host.advance(1)
  await deletion
  recorder.event(web, 'Normal', 'Scaled', 'up')
  expect(await events()).toMatchObject([{ count: 2, metadata: { name: first?.metadata.name } }])
})

test('event() waits for a server that cannot be reached', async () => {
  let isDown = true
  api.interceptors.push(() => {
    if (isDown) throw statusError('ServiceUnavailable', 'connection refused')
    return undefined
  })
  recorder.event(web, 'Normal', 'Scaled', 'up')
  await host.advance(25_000)
  isDown = false
  await host.advance(10_000)
  expect(await events()).toHaveLength(1)
})

test('stop() drops what waits', async () => {
  api.interceptors.push(() => {
    throw statusError('ServiceUnavailable', 'connection refused')
  })
  recorder.event(web, 'Normal', 'Scaled', 'up')
  recorder.event(web, 'Normal', 'Scaled', 'down')
  await host.advance(10)
  await recorder.stop()
  recorder.event(web, 'Normal', 'Scaled', 'up')
  await host.advance(60_000)
  expect(api.requests).toHaveLength(1)
})

test('event() lets a hundred events through at once, then fifty a second', async () => {
  for (let index = 0; index < 300; index++) {
    const metadata = { name: `web-${index}`, namespace: 'shop', uid: `u${index}` }
    recorder.event({ ...web, metadata }, 'Normal', 'Scaled', 'up')
  }
  await host.advance(10)
  expect(api.requests).toHaveLength(100)
  await host.advance(1000)
  expect(api.requests).toHaveLength(150)
})
