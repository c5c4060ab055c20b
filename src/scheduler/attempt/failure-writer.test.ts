import { beforeEach, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { silentLogger } from '../../base/logger.ts'
import type { VirtualHost } from '../../base/virtual-host.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi, failWith } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { FailureWriter } from './failure-writer.ts'

let host: VirtualHost
let api: FakeApi
let writer: FailureWriter

beforeEach(() => {
  host = testHost()
  api = new FakeApi(host)
  writer = new FailureWriter({ client: createClient(api), host, logger: silentLogger })
})

const pod = (index: number): core.v1.Pod => ({
  metadata: { name: `web-${index}`, namespace: 'shop', uid: `u${index}` },
  spec: { containers: [] },
})
const failure = (message: string) => ({ message, reason: 'Unschedulable' as const })

test('write() lets a hundred pods through at once, then fifty a second', async () => {
  for (let index = 0; index < 300; index++) writer.write(pod(index), failure('no node'))
  await host.advance(1)
  expect(api.requests).toHaveLength(100)
  await host.advance(1000)
  expect(api.requests).toHaveLength(150)
  await host.advance(10_000)
  expect(api.requests).toHaveLength(300)
})

test('write() tells the newest failure of a pod that waits, and none of a pod that is gone', async () => {
  for (let index = 0; index < 102; index++) writer.write(pod(index), failure('first'))
  writer.write(pod(100), failure('second'))
  writer.forget('u101')
  await host.advance(10_000)
  expect(api.requests).toHaveLength(101)
  expect(api.requests.at(-1)).toMatchObject({
    path: '/api/v1/namespaces/shop/pods/web-100/status',
    body: { status: { conditions: [{ type: 'PodScheduled', status: 'False', message: 'second' }] } },
  })
})

test('write() tries again after errors that may be over soon, and not after others', async () => {
  let failures = 0
  const reasons = ['Conflict', 'InternalError', 'ServiceUnavailable'] as const
  api.interceptors.push(() => {
    const reason = reasons[failures++]
    if (reason !== undefined) failWith(statusError(reason, 'not now'))
    return undefined
  })
  writer.write(pod(1), failure('no node'))
  await host.advance(1_000)
  expect(failures).toBe(4)
  api.interceptors.length = 0
  api.interceptors.push(() => failWith(statusError('Forbidden', 'never')))
  writer.write(pod(2), failure('no node'))
  await host.advance(1_000)
  expect(api.requests).toHaveLength(5)
})

test('write() is silent where the pod says it already', async () => {
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node' }]
  writer.write({ ...pod(1), status: { conditions } }, failure('no node'))
  await host.advance(10)
  expect(api.requests).toHaveLength(0)
})
