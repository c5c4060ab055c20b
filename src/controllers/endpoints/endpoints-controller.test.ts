import { afterEach, beforeEach, expect, test } from 'vitest'
import { Endpoints } from '../../api/core/endpoints/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { type PodTraits, podWith } from '../../reconcile/testing/pods.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { endpointsController } from './endpoints-controller.ts'
import { maxAddresses, planEndpoints } from './plan-endpoints.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
})

afterEach(() => cluster.stop())

const service: core.v1.Service = {
  metadata: { name: 'web', namespace: 'default', labels: { team: 'shop' } },
  spec: {
    selector: { app: 'web' },
    clusterIP: '10.96.0.7',
    ipFamilies: ['IPv4'],
    ports: [
      { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' },
      { name: 'metrics', port: 9090, protocol: 'TCP' },
    ],
  },
}

const pod = (name: string, ip: string, traits: PodTraits = {}): core.v1.Pod =>
  podWith({ name, ip, labels: { app: 'web' }, node: 'n1', readySinceMs: 0, ...traits })

const address = (name: string, ip: string) => ({
  ip,
  nodeName: 'n1',
  targetRef: { kind: 'Pod', namespace: 'default', name, uid: `uid-of-${name}` },
})

async function makePod(one: core.v1.Pod): Promise<void> {
  const { status, ...rest } = one
  await cluster.create(Pod, rest)
  await cluster.change(Pod, `default/${one.metadata?.name}`, { status })
}

test('endpointsController lists the addresses of a service, ready ones apart', async () => {
  cluster.start(endpointsController())
  await cluster.create(Service, service)
  await makePod(pod('b', '10.244.0.3'))
  await makePod(pod('a', '10.244.0.2'))
  const { readySinceMs: _, ...unready } = { readySinceMs: 0 }
  await makePod(podWith({ name: 'c', ip: '10.244.0.4', labels: { app: 'web' }, node: 'n1', ...unready }))
  const endpoints = await cluster.get<core.v1.Endpoints>(Endpoints, 'default/web')
  expect(endpoints.metadata?.labels).toEqual({
    team: 'shop',
    'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
  })
  expect(endpoints.subsets).toEqual([
    {
      addresses: [address('a', '10.244.0.2'), address('b', '10.244.0.3')],
      notReadyAddresses: [address('c', '10.244.0.4')],
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: 'metrics', port: 9090, protocol: 'TCP' },
      ],
    },
  ])
})

test('endpointsController deletes the endpoints of a deleted service', async () => {
  cluster.start(endpointsController())
  await cluster.create(Service, service)
  expect(await cluster.list(Endpoints)).toHaveLength(1)
  await cluster.do(cluster.client.resource(Service).delete('default', 'web'))
  expect(await cluster.list(Endpoints)).toEqual([])
})

test('endpointsController deletes at its start what a service has left, and nothing of that sort later', async () => {
  await cluster.create(Endpoints, { metadata: { name: 'left', namespace: 'default' } })
  cluster.start(endpointsController())
  await cluster.host.advance(100)
  expect(await cluster.list(Endpoints)).toEqual([])
  await cluster.create(Endpoints, { metadata: { name: 'own', namespace: 'default' } })
  expect(await cluster.list(Endpoints)).toHaveLength(1)
})

test('planEndpoints() leaves out what terminates, and nothing where the service publishes all', () => {
  const pods = [pod('a', '10.244.0.2', { isDeleting: true }), pod('b', '10.244.0.3')]
  const count = (one: core.v1.Service) => planEndpoints(one, pods, undefined)?.subsets?.[0]?.addresses?.length
  expect(count(service)).toBe(1)
  expect(count({ ...service, spec: { ...service.spec, publishNotReadyAddresses: true } })).toBe(2)
})

test('planEndpoints() lists the pods of a headless service without ports', () => {
  const headless = { ...service, spec: { selector: { app: 'web' }, clusterIP: 'None', ipFamilies: ['IPv4'] } }
  const plan = planEndpoints(headless, [pod('a', '10.244.0.2')], undefined)
  expect(plan?.subsets).toEqual([{ addresses: [address('a', '10.244.0.2')] }])
  expect(plan?.metadata?.labels?.['service.kubernetes.io/headless']).toBe('')
})

test('planEndpoints() changes nothing where nothing has to', () => {
  const pods = [pod('a', '10.244.0.2')]
  const plan = planEndpoints(service, pods, undefined)
  expect(planEndpoints(service, pods, plan)).toBeUndefined()
})

test('planEndpoints() keeps a thousand addresses, ready ones first, and says so', () => {
  const pods = Array.from({ length: 1_500 }, (_, index) => {
    const ip = `10.244.${Math.floor(index / 250)}.${index % 250}`
    const { readySinceMs: _ready, ...rest } = {
      name: `p${index}`,
      ip,
      labels: { app: 'web' },
      readySinceMs: 0,
    }
    return podWith(index < 600 ? { ...rest, readySinceMs: 0 } : rest)
  })
  const plan = planEndpoints(service, pods, undefined)
  const [subset] = plan?.subsets ?? []
  expect([subset?.addresses?.length, subset?.notReadyAddresses?.length]).toEqual([600, maxAddresses - 600])
  expect(plan?.metadata?.annotations).toEqual({ 'endpoints.kubernetes.io/over-capacity': 'truncated' })
  expect(planEndpoints(service, pods, plan)).toBeUndefined()
})

test('planEndpoints() leaves alone the same endpoints in other subsets', () => {
  const plan = planEndpoints(service, [pod('a', '10.244.0.2')], undefined)
  const [subset] = plan?.subsets ?? []
  const apart = (subset?.ports ?? []).map((port) => ({ addresses: subset?.addresses ?? [], ports: [port] }))
  expect(apart).toHaveLength(2)
  expect(planEndpoints(service, [pod('a', '10.244.0.2')], { ...plan, subsets: apart })).toBeUndefined()
})

test('endpointsController tells when the change happened that it writes of', async () => {
  cluster.start(endpointsController())
  const { metadata } = await cluster.create(Service, service)
  const stamp = async () => {
    const { metadata: own } = await cluster.get<core.v1.Endpoints>(Endpoints, 'default/web')
    return own?.annotations?.['endpoints.kubernetes.io/last-change-trigger-time']
  }
  expect(await stamp()).toBe(metadata?.creationTimestamp)
  await makePod(pod('a', '10.244.0.2', { readySinceMs: Date.UTC(2030, 0) }))
  expect(await stamp()).toBe('2030-01-01T00:00:00Z')
})

test('endpointsController leaves the locks of elections alone', async () => {
  const annotations = { 'control-plane.alpha.kubernetes.io/leader': '{}' }
  await cluster.create(Endpoints, { metadata: { name: 'lock', namespace: 'default', annotations } })
  cluster.start(endpointsController())
  await cluster.host.advance(100)
  expect(await cluster.list(Endpoints)).toHaveLength(1)
})
