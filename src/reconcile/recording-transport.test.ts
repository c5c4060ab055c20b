import { expect, test } from 'vitest'
import { StatusError } from '../apimachinery/status-error.ts'
import type { ApiRequest, Transport } from '../apimachinery/transport.ts'
import { type ExpectedWrite, recordingTransport, resourceOfPath } from './recording-transport.ts'

test.each([
  ['/apis/apps/v1/namespaces/default/deployments/web/status', 'apps/v1/deployments'],
  ['/api/v1/namespaces/default/pods', 'v1/pods'],
  ['/api/v1/namespaces/shop', 'v1/namespaces'],
  ['/api/v1/namespaces/shop/finalize', 'v1/namespaces'],
  ['/api/v1/namespaces', 'v1/namespaces'],
  ['/api/v1/nodes/n1', 'v1/nodes'],
])('resourceOfPath(%s)', (path, resource) => {
  expect(resourceOfPath(path)).toBe(resource)
})

async function recorded(request: Partial<ApiRequest>, body: unknown): Promise<readonly ExpectedWrite[]> {
  const writes: ExpectedWrite[] = []
  const transport: Transport = {
    request: async () => ({ status: 200, body, warnings: [] }),
    watch: async function* () {},
    close: async () => {},
  }
  await recordingTransport({
    transport,
    checkWrite: () => {},
    onWrite: (write) => writes.push(write),
  }).request({ method: 'POST', path: '/api/v1/namespaces/default/pods', ...request })
  return writes
}

const pod = { kind: 'Pod', metadata: { resourceVersion: '7' } }

test('recordingTransport() tells what a cache has to show', async () => {
  expect(await recorded({}, pod)).toEqual([{ resource: 'v1/pods', resourceVersion: 7 }])
  const status = { kind: 'Status', details: { uid: 'u1' } }
  expect(await recorded({ method: 'DELETE' }, status)).toEqual([{ resource: 'v1/pods', deletedUid: 'u1' }])
})

test('recordingTransport() expects nothing of reads, dry runs, bindings and lists', async () => {
  expect(await recorded({ method: 'GET' }, pod)).toEqual([])
  expect(await recorded({ query: { dryRun: 'All' } }, pod)).toEqual([])
  expect(await recorded({}, { kind: 'Status', details: { uid: 'u1' } })).toEqual([])
  const list = { kind: 'PodList', metadata: { resourceVersion: '9' }, items: [] }
  expect(await recorded({ method: 'DELETE' }, list)).toEqual([])
})

test.each([
  [
    'PUT',
    '/apis/apps/v1/namespaces/default/deployments/web/status',
    504,
    '/apis/apps/v1/namespaces/default/deployments/web',
  ],
  ['PATCH', '/api/v1/nodes/n1', 500, '/api/v1/nodes/n1'],
  ['DELETE', '/api/v1/namespaces/shop', undefined, '/api/v1/namespaces/shop'],
  ['PUT', '/api/v1/nodes/n1', 409, undefined],
  ['POST', '/api/v1/namespaces/default/pods', 504, undefined],
  ['DELETE', '/api/v1/namespaces/default/pods', 504, undefined],
] as const)(
  'recordingTransport() after %s %s that ended with %s',
  async (method, path, code, uncertainPath) => {
    const writes: ExpectedWrite[] = []
    const failure =
      code === undefined ? new Error('connection reset') : new StatusError({ status: 'Failure', code })
    const transport: Transport = {
      request: () => Promise.reject(failure),
      watch: async function* () {},
      close: async () => {},
    }
    const recording = recordingTransport({
      transport,
      checkWrite: () => {},
      onWrite: (write) => writes.push(write),
    })
    await expect(recording.request({ method, path })).rejects.toBe(failure)
    expect(writes.map((write) => write.uncertainPath)).toEqual(
      uncertainPath === undefined ? [] : [uncertainPath],
    )
  },
)

test('recordingTransport() asks before every write', async () => {
  const transport = recordingTransport({
    transport: {
      request: async () => ({ status: 200, body: pod, warnings: [] }),
      watch: async function* () {},
      close: async () => {},
    },
    checkWrite: () => {
      throw new Error('the lease is over')
    },
    onWrite: () => {},
  })
  await expect(transport.request({ method: 'PUT', path: '/api/v1/nodes/n1' })).rejects.toThrow(
    'the lease is over',
  )
  await expect(transport.request({ method: 'GET', path: '/api/v1/nodes/n1' })).resolves.toBeDefined()
})
