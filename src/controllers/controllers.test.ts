import { afterEach, beforeEach, expect, test } from 'vitest'
import { Deployment } from '../api/apps/deployment/kind.ts'
import { ReplicaSet } from '../api/apps/replica-set/kind.ts'
import { Lease } from '../api/coordination/lease/kind.ts'
import { ConfigMap } from '../api/core/config-map/kind.ts'
import { Endpoints } from '../api/core/endpoints/kind.ts'
import { Namespace } from '../api/core/namespace/kind.ts'
import { Node } from '../api/core/node/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import { isPodReady } from '../api/core/pod/pod-state.ts'
import { Service } from '../api/core/service/kind.ts'
import { ServiceAccount } from '../api/core/service-account/kind.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice/kind.ts'
import type { core } from '../api/generated/types/index.ts'
import { kinds } from '../api/kinds.ts'
import { formatMicroTime, formatTime } from '../apimachinery/time.ts'
import { namespaceLifecycle } from '../apiserver/admission/namespace-lifecycle/namespace-lifecycle.ts'
// Only a test may look across: here the controllers meet the real API server.
import type { AdmissionPlugin } from '../apiserver/admission.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import { PrometheusMetrics } from '../base/prometheus.ts'
import type { VirtualHost } from '../base/virtual-host.ts'
import type { Client } from '../client/client.ts'
import { createClient } from '../client/create-client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import type { InformerFactory } from '../client/informer.ts'
import { createInformerFactory } from '../client/informer-factory.ts'
import { testHost } from '../client/testing/test-host.ts'
import { reporterOf } from '../reconcile/controller.ts'
import { fixedKinds } from '../reconcile/kind-source.ts'
import { startController } from '../reconcile/start-controller.ts'
import { controllers } from './controllers.ts'

let host: VirtualHost
let server: TestServer
let client: Client
let informers: InformerFactory
let complaints: string[]
const stops: (() => Promise<void>)[] = []

/** One kind for each place in the store. */
const served = kinds.filter(
  ({ storagePrefix }, index) => kinds.findIndex((kind) => kind.storagePrefix === storagePrefix) === index,
)

/** The plugin needs the server's caches, the server its plugins. */
const lifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  handles: (operation, kind) => operation === 'CREATE' && kind.namespaced,
  mutate: (attributes, object) =>
    namespaceLifecycle(server.core.reader).mutate?.(attributes, object) ?? object,
}

/** Whatever controllers warn of is a failure here. */
const logger: Logger = {
  ...silentLogger,
  warn: (message, fields) => complaints.push(`${message} ${JSON.stringify(fields)} ${String(fields?.error)}`),
  error: (message, fields) =>
    complaints.push(`${message} ${JSON.stringify(fields)} ${String(fields?.error)}`),
  child: () => logger,
}

async function does<T>(work: Promise<T>, settleMs = 200): Promise<T> {
  work.catch(() => {})
  await host.advance(settleMs)
  return work
}

beforeEach(async () => {
  complaints = []
  host = testHost()
  const starting = startTestServer({ host, kinds: served, admission: [lifecycle] })
  await host.advance(1)
  server = await starting
  client = createClient(server.transport)
  informers = createInformerFactory({ client, host, logger })
  await does(client.resource(Namespace).create({ metadata: { name: 'shop' } }))
  await does(client.resource(Node).create({ metadata: { name: 'n1' } }))
  for (const name of ['default', 'kube-node-lease']) {
    await does(client.resource(Namespace).create({ metadata: { name } }))
  }
  const metrics = new PrometheusMetrics()
  for (const declaration of controllers({
    kinds: fixedKinds(served),
    rootCertificate: 'PEM',
    namespaceSettleMs: 0,
  })) {
    const events = new EventRecorder({ client, host, logger, component: reporterOf(declaration) })
    const running = startController(declaration, { client, informers, events, host, logger, metrics })
    stops.push(
      () => running.stop(),
      () => events.stop(),
    )
  }
  await host.advance(100)
})

afterEach(async () => {
  stops.push(
    () => informers.stop(),
    () => server.close(),
  )
  for (const stop of stops.splice(0)) {
    const stopped = stop()
    await host.advance(100)
    await stopped
  }
})

/** Plays scheduler and kubelet: pods come to n1 and become ready, those that are deleted end. */
async function play(rounds = 20): Promise<void> {
  const pods = client.resource(Pod)
  for (let round = 0; round < rounds; round++) {
    const { items } = await does(pods.list(), 50)
    const work = items.map(async (pod) => {
      const { namespace = '', name = '', deletionTimestamp } = pod.metadata ?? {}
      if (deletionTimestamp !== undefined) return pods.delete(namespace, name, { gracePeriodSeconds: 0 })
      if (!pod.spec?.nodeName) {
        const target = { apiVersion: 'v1', kind: 'Node', name: 'n1' }
        const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target }
        await pods.createSubresource(namespace, name, 'binding', body)
      }
      if (isPodReady(pod)) return undefined
      const ready = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(host.now()) }
      const last = Number(pod.metadata?.resourceVersion) % 250
      const podIP = `10.244.0.${last + 1}`
      const status = { phase: 'Running', conditions: [ready], podIP, podIPs: [{ ip: podIP }] }
      const patch = { status }
      const type = 'application/merge-patch+json'
      return pods.patch(namespace, name, type, patch, { subresource: 'status' })
    })
    await does(Promise.all(work), 50)
    await does(heartbeat(), 50)
  }
}

async function heartbeat(): Promise<void> {
  const now = formatTime(host.now())
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now, lastTransitionTime: now }
  const type = 'application/merge-patch+json'
  await client
    .resource(Node)
    .patch('', 'n1', type, { status: { conditions: [ready] } }, { subresource: 'status' })
  const metadata = { name: 'n1', namespace: 'kube-node-lease' }
  const spec = { renewTime: formatMicroTime(host.now()) }
  await client
    .resource(Lease)
    .create({ metadata, spec })
    .catch(() => client.resource(Lease).patch('kube-node-lease', 'n1', type, { spec }))
}

const labels = { app: 'web' }

const makeDeployment = (replicas: number, image = 'v1') =>
  does(
    client.resource(Deployment).create({
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } },
      },
    }),
  )

const status = async () => (await does(client.resource(Deployment).get('shop', 'web'), 1)).status
const list = async () => (await does(client.resource(Pod).list({ namespace: 'shop' }), 1)).items
const images = async () => (await list()).map((pod) => pod.spec?.containers[0]?.image)

test('a Deployment is rolled out, updated and scaled behind its Service', async () => {
  await makeDeployment(3)
  await does(
    client.resource(Service).create({
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: labels, clusterIP: 'None', ports: [{ port: 80, targetPort: 8080 }] },
    }),
  )
  await play(5)
  expect(await status()).toMatchObject({
    replicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    updatedReplicas: 3,
  })
  const addresses = async (): Promise<number> => {
    const slices = await does(client.resource(EndpointSlice).list({ namespace: 'shop' }), 1)
    const endpoints = await does(client.resource(Endpoints).get('shop', 'web'), 1)
    const count = slices.items.flatMap((slice) => slice.endpoints ?? []).length
    expect(endpoints.subsets?.flatMap((subset) => subset.addresses ?? []).length).toBe(count)
    return count
  }
  expect(await addresses()).toBe(3)
  const patch = { spec: { template: { spec: { containers: [{ name: 'c', image: 'v2' }] } } } }
  const type = 'application/strategic-merge-patch+json'
  await does(client.resource(Deployment).patch('shop', 'web', type, patch))
  await play(15)
  expect(await images()).toEqual(['v2', 'v2', 'v2'])
  await does(client.resource(Deployment).patch('shop', 'web', type, { spec: { replicas: 5 } }))
  await play(4)
  expect(await addresses()).toBe(5)
  const { items: sets } = await does(client.resource(ReplicaSet).list({ namespace: 'shop' }), 1)
  expect(sets.map((set) => set.spec?.replicas).sort()).toEqual([0, 5])
  const deployment = await does(client.resource(Deployment).get('shop', 'web'), 1)
  expect(deployment.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
  expect(complaints).toEqual([])
})

test('a Deployment takes its ReplicaSets and pods along, in the foreground as well', async () => {
  for (const propagationPolicy of ['Background', 'Foreground']) {
    await makeDeployment(2)
    await play(4)
    await does(client.resource(Deployment).delete('shop', 'web', { propagationPolicy }))
    await play(4)
    expect(await list()).toEqual([])
    expect((await does(client.resource(ReplicaSet).list(), 1)).items).toEqual([])
    expect((await does(client.resource(Deployment).list(), 1)).items).toEqual([])
  }
  expect(complaints).toEqual([])
})

test('an orphaned ReplicaSet lives on, and its Deployment adopts it again', async () => {
  await makeDeployment(2)
  await play(3)
  const before = (await list()).map(({ metadata }) => metadata?.name)
  await does(client.resource(Deployment).delete('shop', 'web', { propagationPolicy: 'Orphan' }))
  const { items } = await does(client.resource(ReplicaSet).list(), 1)
  expect(items.map((set) => set.metadata?.ownerReferences ?? [])).toEqual([[]])
  await makeDeployment(2)
  await play(3)
  expect((await list()).map(({ metadata }) => metadata?.name)).toEqual(before)
  expect(complaints).toEqual([])
})

test('a namespace has its account and certificate, and takes everything along', async () => {
  const get = (name: string) => client.resource(ConfigMap).get(name, 'kube-root-ca.crt')
  expect((await does(get('shop'), 1)).data).toEqual({ 'ca.crt': 'PEM' })
  expect((await does(client.resource(ServiceAccount).get('shop', 'default'), 1)).metadata?.name).toBe(
    'default',
  )
  await makeDeployment(2)
  await play(4)
  await does(client.resource(Namespace).delete('', 'shop'))
  await play(10)
  const { items } = await does(client.resource(Namespace).list(), 1)
  expect(items.map(({ metadata }) => metadata?.name)).toEqual(['default', 'kube-node-lease'])
  expect(await list()).toEqual([])
  expect(complaints).toEqual([])
})

test('a node has a range of addresses, and loses its pods when it is gone', async () => {
  const node = async (): Promise<core.v1.Node> => does(client.resource(Node).get('', 'n1'), 1)
  expect((await node()).spec?.podCIDR).toBe('10.244.0.0/24')
  await makeDeployment(1)
  await play(4)
  await host.advance(55_000)
  expect((await node()).status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('Unknown')
  expect((await list()).map(isPodReady)).toEqual([false])
  await does(client.resource(Node).delete('', 'n1'))
  await host.advance(45_000)
  expect((await list()).map(({ spec }) => spec?.nodeName)).toEqual([undefined])
  expect(complaints).toEqual([])
})
