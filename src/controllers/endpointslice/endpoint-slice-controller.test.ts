import { afterEach, beforeEach, expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { type PodTraits, podWith } from '../../reconcile/testing/pods.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { endpointSliceController } from './endpoint-slice-controller.ts'

let cluster: TestCluster

beforeEach(async () => {
  cluster = new TestCluster()
  cluster.start(endpointSliceController())
  const labels = { 'topology.kubernetes.io/zone': 'z1' }
  await cluster.create(Node, { metadata: { name: 'n1', labels } })
})

afterEach(() => cluster.stop())

const makeService = (spec: core.v1.ServiceSpec = {}, labels: Record<string, string> = {}) =>
  cluster.create(Service, {
    metadata: { name: 'web', namespace: 'default', labels },
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.96.0.7',
      ipFamilies: ['IPv4'],
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      ...spec,
    },
  })

async function makePod(traits: PodTraits, spec: object = {}): Promise<void> {
  const { status, ...pod } = podWith({ labels: { app: 'web' }, node: 'n1', readySinceMs: 0, ...traits })
  await cluster.create(Pod, { ...pod, spec: { containers: [], nodeName: 'n1', ...spec } })
  await cluster.change(Pod, `default/${traits.name}`, { status })
}

const slices = () => cluster.list<discovery.v1.EndpointSlice>(EndpointSlice)

test('endpointSliceController lists the pods of a service with their conditions', async () => {
  const service = await makeService({}, { team: 'shop' })
  await makePod({ name: 'a', ip: '10.244.0.2' })
  await makePod({ name: 'b', ip: '10.244.0.3', phase: 'Running' })
  await cluster.change(Pod, 'default/b', { status: { conditions: [{ type: 'Ready', status: 'False' }] } })
  await makePod({ name: 'done', ip: '10.244.0.4', phase: 'Succeeded' })
  await makePod({ name: 'no-address' })
  await makePod({ name: 'stranger', ip: '10.244.0.5', labels: { app: 'api' } })
  const [slice, ...others] = await slices()
  expect(others).toEqual([])
  expect(slice?.metadata?.name).toMatch(/^web-/)
  expect(slice).toMatchObject({
    metadata: {
      labels: {
        team: 'shop',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: service.metadata?.uid }],
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  })
  expect(slice?.endpoints).toEqual([
    {
      addresses: ['10.244.0.2'],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'n1',
      zone: 'z1',
      targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: 'uid-of-a' },
    },
    {
      addresses: ['10.244.0.3'],
      conditions: { ready: false, serving: false, terminating: false },
      nodeName: 'n1',
      zone: 'z1',
      targetRef: { kind: 'Pod', namespace: 'default', name: 'b', uid: 'uid-of-b' },
    },
  ])
})

test('endpointSliceController has an empty slice for a service without pods, and reuses it', async () => {
  await makeService()
  const [empty] = await slices()
  expect(empty).toMatchObject({ endpoints: [], ports: [] })
  await makePod({ name: 'a', ip: '10.244.0.2' })
  const [slice, ...others] = await slices()
  expect(others).toEqual([])
  expect(slice?.metadata?.name).toBe(empty?.metadata?.name)
  expect(slice?.endpoints).toHaveLength(1)
  await cluster.do(cluster.client.resource(Pod).delete('default', 'a'))
  expect((await slices()).map(({ metadata, endpoints }) => [metadata?.name, endpoints])).toEqual([
    [empty?.metadata?.name, []],
  ])
})

test('endpointSliceController keeps a terminating pod as such', async () => {
  await makeService()
  await makePod({ name: 'a', ip: '10.244.0.2' })
  await cluster.change(Pod, 'default/a', { metadata: { finalizers: ['test/hold'] } })
  await cluster.do(cluster.client.resource(Pod).delete('default', 'a'))
  const [slice] = await slices()
  expect(slice?.endpoints?.[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true })
})

test('endpointSliceController calls everything ready where the service publishes what is not', async () => {
  await makeService({ publishNotReadyAddresses: true, clusterIP: 'None' })
  await makePod({ name: 'a', ip: '10.244.0.2' })
  await cluster.change(Pod, 'default/a', { status: { conditions: [{ type: 'Ready', status: 'False' }] } })
  const [slice] = await slices()
  expect(slice?.metadata?.labels?.['service.kubernetes.io/headless']).toBe('')
  expect(slice?.endpoints?.[0]?.conditions).toEqual({ ready: true, serving: false, terminating: false })
})

test('endpointSliceController looks ports up by name, in slices apart where they differ', async () => {
  await makeService({ ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }] })
  const container = (containerPort: number) => ({
    containers: [{ name: 'c', ports: [{ name: 'web', containerPort, protocol: 'TCP' }] }],
  })
  await makePod({ name: 'a', ip: '10.244.0.2' }, container(8080))
  await makePod({ name: 'b', ip: '10.244.0.3' }, container(9090))
  await makePod({ name: 'c', ip: '10.244.0.4' }, container(9090))
  const found = (await slices()).map(({ ports, endpoints }) => [ports?.[0]?.port, endpoints?.length])
  expect(found.sort()).toEqual([
    [8080, 1],
    [9090, 2],
  ])
})

test('endpointSliceController names the hostname of a pod in the subdomain of the service', async () => {
  await makeService({ clusterIP: 'None' })
  await makePod({ name: 'a', ip: '10.244.0.2' }, { hostname: 'db-0', subdomain: 'web' })
  expect((await slices())[0]?.endpoints?.[0]?.hostname).toBe('db-0')
})

test('endpointSliceController hints at the zone where traffic is to stay close', async () => {
  await makeService({ trafficDistribution: 'PreferSameNode' })
  await makePod({ name: 'a', ip: '10.244.0.2' })
  expect((await slices())[0]?.endpoints?.[0]?.hints).toEqual({
    forNodes: [{ name: 'n1' }],
    forZones: [{ name: 'z1' }],
  })
})

test('endpointSliceController leaves services without selector and external names alone', async () => {
  await cluster.create(Service, {
    metadata: { name: 'manual', namespace: 'default' },
    spec: { clusterIP: '10.96.0.8' },
  })
  await makeService({ type: 'ExternalName', externalName: 'example.org' })
  expect(await slices()).toEqual([])
})

test('endpointSliceController brings back a slice that somebody deleted', async () => {
  await makeService()
  await makePod({ name: 'a', ip: '10.244.0.2' })
  const [slice] = await slices()
  await cluster.do(
    cluster.client.resource(EndpointSlice).delete('default', slice?.metadata?.name ?? ''),
    1_100,
  )
  expect((await slices())[0]?.endpoints).toHaveLength(1)
})

test('endpointSliceController rests when nothing changes that matters', async () => {
  await makeService()
  await makePod({ name: 'a', ip: '10.244.0.2' })
  const writes = cluster.api.writes().length
  await cluster.change(Pod, 'default/a', { metadata: { annotations: { note: 'x' } } })
  expect(cluster.api.writes()).toHaveLength(writes + 1)
})

test('endpointSliceController has slices of both address families of a service', async () => {
  await makeService({ ipFamilies: ['IPv6', 'IPv4'], clusterIP: 'fd00::7' })
  await makePod({ name: 'a', ip: '10.244.0.2' })
  await cluster.change(Pod, 'default/a', { status: { podIPs: [{ ip: '10.244.0.2' }, { ip: 'fd00:1::2' }] } })
  const both = async () =>
    (await slices()).map(({ addressType, endpoints }) => [addressType, endpoints?.[0]?.addresses]).sort()
  expect(await both()).toEqual([
    ['IPv4', ['10.244.0.2']],
    ['IPv6', ['fd00:1::2']],
  ])
  await cluster.change(Service, 'default/web', { spec: { ipFamilies: ['IPv6'] } })
  expect(await both()).toEqual([['IPv6', ['fd00:1::2']]])
})

test('endpointSliceController tells when the change happened that it writes of', async () => {
  const key = 'endpoints.kubernetes.io/last-change-trigger-time'
  const service = await makeService()
  const stamp = async () => (await slices())[0]?.metadata?.annotations?.[key]
  expect(await stamp()).toBe(service.metadata?.creationTimestamp)
  await makePod({ name: 'a', ip: '10.244.0.2' })
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }
  await cluster.change(Pod, 'default/a', { status: { conditions: [{ ...ready, status: 'False' }] } })
  expect(await stamp()).toBe('2026-01-02T03:04:05Z')
  await cluster.change(Service, 'default/web', { metadata: { labels: { team: 'shop' } } })
  expect(await stamp()).toBeUndefined()
})

test('endpointSliceController leaves out pods of unknown nodes, and says so', async () => {
  await makeService()
  await makePod({ name: 'a', ip: '10.244.0.2' }, { nodeName: 'gone' })
  expect((await slices())[0]?.endpoints).toEqual([])
  expect(await cluster.events()).toContain(
    'Warning FailedToUpdateEndpointSlices Error updating Endpoint Slices for Service default/web: skipping Pod a for Service default/web: Node gone Not Found',
  )
  await cluster.create(Node, { metadata: { name: 'gone' } }, 2_100)
  expect((await slices())[0]?.endpoints).toHaveLength(1)
})

test('endpointSliceController gives zones their shares where an annotation asks for it', async () => {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }], allocatable: { cpu: '4' } }
  for (const [name, zone] of [
    ['n1', 'z1'],
    ['n2', 'z2'],
  ] as const) {
    const labels = { 'topology.kubernetes.io/zone': zone }
    if (name === 'n2') await cluster.create(Node, { metadata: { name, labels } })
    await cluster.change(Node, name, { status: ready })
  }
  for (const name of ['a', 'b', 'c', 'd']) await makePod({ name, ip: `10.244.0.${name.charCodeAt(0)}` })
  await makeService()
  await cluster.change(Service, 'default/web', {
    metadata: { annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } },
  })
  const zones = async () =>
    (await slices())[0]?.endpoints?.map(({ hints }) => hints?.forZones?.[0]?.name).sort()
  expect(await zones()).toEqual(['z1', 'z1', 'z2', 'z2'])
  await cluster.change(Node, 'n2', { status: { conditions: [{ type: 'Ready', status: 'False' }] } })
  expect(await zones()).toEqual([undefined, undefined, undefined, undefined])
  expect(await cluster.events()).toEqual([
    'Normal TopologyAwareHintsEnabled Topology Aware Hints has been enabled, addressType: IPv4',
    'Warning TopologyAwareHintsDisabled Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4',
  ])
})

test('endpointSliceController measures as upstream', async () => {
  await makeService({ trafficDistribution: 'PreferClose' })
  await makePod({ name: 'a', ip: '10.244.0.2' })
  const exposed = cluster.metrics.expose()
  for (const line of [
    'endpoints_desired 1',
    'num_endpoint_slices 1',
    'desired_endpoint_slices 1',
    'changes{operation="create"} 1',
    'changes{operation="update"} 1',
    'services_count_by_traffic_distribution{traffic_distribution="PreferClose"} 1',
  ]) {
    expect(exposed).toContain(`endpoint_slice_controller_${line}`)
  }
})
