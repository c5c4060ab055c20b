import { expect, test } from 'vitest'
import { Pod as podKind } from '../../../api/core/pod/kind.ts'
import { silentLogger } from '../../../base/logger.ts'
import { createClient } from '../../../client/create-client.ts'
import { FakeApi } from '../../../client/testing/fake-api.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import { StatusWriter } from './status-writer.ts'

test('StatusWriter.set() deletes a pod that has ended, though the watch shows its status before the write’s answer', async () => {
  const host = testHost()
  const api = new FakeApi(host)
  const client = createClient(api)
  const spec = { containers: [{ name: 'main', image: 'i' }] }
  const made = await client.resource(podKind).create({ metadata: { name: 'a', namespace: 'ns' }, spec })
  const metadata = { ...made.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
  const [status, note] = [{ phase: 'Succeeded' }, { mayRun: false, finished: true }]
  const writer = new StatusWriter({ client, host, logger: silentLogger })
  api.interceptors.push(({ method }) => {
    if (method === 'PATCH') writer.set({ ...made, metadata, status }, status, note)
  })
  writer.set({ ...made, metadata }, status, note)
  await host.advance(0)
  expect(api.writes().slice(1)).toEqual([
    'PATCH /api/v1/namespaces/ns/pods/a/status',
    'DELETE /api/v1/namespaces/ns/pods/a',
  ])
})
