import { expect, test } from 'vitest'
import { silentLogger } from '../../../base/logger.ts'
import { createClient } from '../../../client/create-client.ts'
import { FakeApi } from '../../../client/testing/fake-api.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import type { Driver } from './driver.ts'
import { Drivers } from './drivers.ts'

const driver = (): Driver => ({ prepare: async () => new Map(), unprepare: async () => new Map() })

function setUp() {
  const host = testHost()
  const api = new FakeApi(host)
  const drivers = new Drivers({ client: createClient(api), host, logger: silentLogger, nodeName: 'n' })
  const wiped = (): readonly unknown[] =>
    api.requests.filter(({ method }) => method === 'DELETE').map(({ query }) => query?.fieldSelector)
  return { host, drivers, wiped }
}

test('of a driver that is replaced the one that answers counts', () => {
  const { drivers } = setUp()
  const [first, second] = [driver(), driver()]
  expect(() => drivers.get('gpu')).toThrow('DRA driver gpu is not registered')
  drivers.add('gpu', '/a', first)
  drivers.add('gpu', '/b', second)
  expect(drivers.get('gpu')).toBe(second)
  drivers.connection('gpu', '/b', false)
  expect(drivers.get('gpu')).toBe(first)
  expect(() => drivers.add('gpu', '/a', second)).toThrow(
    'endpoint /a already registered for DRA driver plugin gpu',
  )
  drivers.remove('gpu', '/a')
  expect(drivers.get('gpu')).toBe(second)
})

test('ResourceSlices are deleted when the agent starts, and of drivers that stay away', async () => {
  const { host, drivers, wiped } = setUp()
  drivers.start()
  await host.advance(1)
  expect(wiped()).toEqual(['spec.nodeName=n'])
  drivers.add('gpu', '/a', driver())
  drivers.remove('gpu', '/a')
  await host.advance(29_000)
  drivers.add('gpu', '/b', driver())
  await host.advance(60_000)
  expect(wiped()).toHaveLength(1)
  drivers.connection('gpu', '/b', false)
  await host.advance(30_000)
  expect(wiped()).toEqual(['spec.nodeName=n', 'spec.nodeName=n,spec.driver=gpu'])
  drivers.stop()
})
