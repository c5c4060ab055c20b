import { afterEach, beforeEach, expect, test } from 'vitest'
import { Endpoints } from '../../api/core/endpoints/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { endpointSliceMirroringController } from './endpoint-slice-mirroring-controller.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(endpointSliceMirroringController({ maxEndpointsPerSubset: 3 }))
})

afterEach(() => cluster.stop())

const makeService = (spec: core.v1.ServiceSpec = {}) =>
  cluster.create(Service, { metadata: { name: 'db', namespace: 'default' }, spec })

const makeEndpoints = (ips: readonly string[], metadata: object = {}) =>
  cluster.create(Endpoints, {
    metadata: { name: 'db', namespace: 'default', ...metadata },
    subsets: [
      { addresses: ips.map((ip) => ({ ip })), ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] },
    ],
  })

const mirrored = async (): Promise<readonly (readonly string[])[]> =>
  (await cluster.list<discovery.v1.EndpointSlice>(EndpointSlice)).map(({ endpoints }) =>
    (endpoints ?? []).flatMap(({ addresses }) => addresses),
  )

test('endpointSliceMirroringController follows Endpoints from their making to their end', async () => {
  await makeService()
  await makeEndpoints(['10.1.2.3'])
  expect(await mirrored()).toEqual([['10.1.2.3']])
  await cluster.change(Endpoints, 'default/db', {
    subsets: [{ addresses: [{ ip: '10.2.3.4' }], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] }],
  })
  expect(await mirrored()).toEqual([['10.2.3.4']])
  await cluster.do(cluster.client.resource(Endpoints).delete('default', 'db'))
  expect(await mirrored()).toEqual([])
})

test('endpointSliceMirroringController waits for the service, and cleans up behind it', async () => {
  await makeEndpoints(['10.1.2.3'])
  expect(await mirrored()).toEqual([])
  await makeService()
  expect(await mirrored()).toHaveLength(1)
  await cluster.do(cluster.client.resource(Service).delete('default', 'db'))
  expect(await mirrored()).toEqual([])
})

test('endpointSliceMirroringController leaves services with a selector to others', async () => {
  await makeService({ selector: { app: 'db' } })
  await makeEndpoints(['10.1.2.3'])
  expect(await mirrored()).toEqual([])
  await cluster.change(Service, 'default/db', { spec: { selector: null } })
  expect(await mirrored()).toHaveLength(1)
  await cluster.change(Service, 'default/db', { spec: { selector: { app: 'db' } } })
  expect(await mirrored()).toEqual([])
})

test('endpointSliceMirroringController skips what says so, and the locks of elections', async () => {
  await makeService()
  await makeEndpoints(['10.1.2.3'], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } })
  expect(await mirrored()).toEqual([])
  await cluster.change(Endpoints, 'default/db', { metadata: { labels: null } })
  expect(await mirrored()).toHaveLength(1)
  await cluster.change(Endpoints, 'default/db', {
    metadata: { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } },
  })
  expect(await mirrored()).toEqual([])
})

test('endpointSliceMirroringController brings back a slice that somebody deleted', async () => {
  await makeService()
  await makeEndpoints(['10.1.2.3'])
  const [slice] = await cluster.list<discovery.v1.EndpointSlice>(EndpointSlice)
  await cluster.do(cluster.client.resource(EndpointSlice).delete('default', slice?.metadata?.name ?? ''))
  expect(await mirrored()).toEqual([['10.1.2.3']])
})

test('endpointSliceMirroringController tells of what it leaves out', async () => {
  await makeService()
  await makeEndpoints(['10.1.2.1', 'none', '10.1.2.2', '10.1.2.3', '10.1.2.4'])
  expect(await mirrored()).toEqual([['10.1.2.1', '10.1.2.2', '10.1.2.3']])
  expect(await cluster.events()).toEqual([
    'Warning TooManyAddressesToMirror A max of 3 addresses can be mirrored to EndpointSlices per Endpoints subset. 2 addresses were skipped',
  ])
  const exposed = cluster.metrics.expose()
  expect(exposed).toContain('endpoint_slice_mirroring_controller_endpoints_desired 3')
  expect(exposed).toContain('endpoint_slice_mirroring_controller_num_endpoint_slices 1')
  expect(exposed).toContain('endpoint_slice_mirroring_controller_changes{operation="create"} 1')
})
