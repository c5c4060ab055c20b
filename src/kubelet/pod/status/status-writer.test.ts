import { expect, test } from 'vitest'
import { Pod as podKind } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
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

test.each([
  ['until nothing of others stands against it', [998, 1018, 1019], ['False', 'False', 'True'], 3],
  ['not where the API does not take it', [998, 998, 998], ['False', 'False', 'False'], 2],
  ['not where it is as it is to be', [998], ['True'], 1],
])('StatusWriter.set() writes again %s', async (_when, versions, states, writes) => {
  const host = testHost()
  const api = new FakeApi(host)
  const made = { metadata: { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '842' } }
  const ready = (status = '') => ({
    conditions: [{ type: 'Ready', status, lastTransitionTime: '2026-01-01T00:00:00Z' }],
  })
  let answers = 0
  api.interceptors.push(() => {
    const resourceVersion = String(versions[answers])
    return { metadata: { ...made.metadata, resourceVersion }, status: ready(states[answers++]) }
  })
  const writer = new StatusWriter({ client: createClient(api), host, logger: silentLogger })
  writer.set(made, ready('True'), { mayRun: true, finished: false })
  await host.advance(0)
  expect(api.writes()).toHaveLength(writes)
})

test('StatusWriter.set() takes times that the API shows as null for times that are not known', async () => {
  const host = testHost()
  const api = new FakeApi(host)
  const metadata = { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '842' }
  const ended = (times: object): core.v1.PodStatus => ({
    containerStatuses: [
      {
        ...{ name: 'main', image: 'i', imageID: '', ready: true, restartCount: 1 },
        lastState: { terminated: { exitCode: 137, ...times } },
      },
    ],
  })
  const writer = new StatusWriter({ client: createClient(api), host, logger: silentLogger })
  const shown = ended({ startedAt: null, finishedAt: null })
  writer.set({ metadata, status: shown }, ended({}), { mayRun: true, finished: false })
  await host.advance(0)
  expect(api.writes()).toEqual([])
})
