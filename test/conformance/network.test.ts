import { expect } from 'vitest'
import type { Json } from './support/api.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { podSpec } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const core = ({ namespace }: Ground, resource: string) => `/api/v1/namespaces/${namespace}/${resource}`

const slicesOf = ({ api, namespace }: Ground, service: string) =>
  api.list(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    labelSelector: `kubernetes.io/service-name=${service}`,
  })

const serve = (ground: Ground, name: string, spec: object = {}) =>
  ground.api.create(core(ground, 'services'), {
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  })

const startPod = (ground: Ground, name: string, labels: object) =>
  ground.api.create(core(ground, 'pods'), { metadata: { name, labels }, spec: podSpec })

const readyAddresses = (slices: readonly Json[]): readonly string[] =>
  slices
    .flatMap(
      ({ endpoints }) =>
        (endpoints ?? []) as readonly { addresses: string[]; conditions?: { ready?: boolean } }[],
    )
    .filter(({ conditions }) => conditions?.ready)
    .flatMap(({ addresses }) => addresses)
    .toSorted()

const addressesOf = (pods: readonly Json[]): readonly string[] =>
  pods.map(({ status }) => String(status?.podIP)).toSorted()

/** Endpoints, and slices, follow the pods that a Service selects. */
const followsPods: Behave = async (ground) => {
  const { api } = ground
  await serve(ground, 'web')
  const match = async (count: number) =>
    eventually(async () => {
      const pods = await api.list(core(ground, 'pods'), { labelSelector: 'app=web' })
      const addresses = readyAddresses(await slicesOf(ground, 'web'))
      expect(addresses).toHaveLength(count)
      expect(addresses).toEqual(addressesOf(pods))
      const { subsets } = await api.get(`${core(ground, 'endpoints')}/web`)
      const old = ((subsets ?? []) as readonly { addresses?: { ip: string }[] }[]).flatMap(
        (subset) => subset.addresses ?? [],
      )
      expect(old.map(({ ip }) => ip).toSorted()).toEqual(addresses)
    })
  await startPod(ground, 'one', { app: 'web' })
  await match(1)
  await startPod(ground, 'two', { app: 'web' })
  await match(2)
  await api.delete(`${core(ground, 'pods')}/one`)
  await match(1)
  await api.delete(`${core(ground, 'pods')}/two`)
  await match(0)
}

/** They come and go with a Service that selects nothing. */
const comesAndGoes: Behave = async (ground) => {
  const { api } = ground
  await serve(ground, 'empty')
  await eventually(async () => {
    expect(await slicesOf(ground, 'empty')).toHaveLength(1)
    await api.get(`${core(ground, 'endpoints')}/empty`)
  })
  await api.delete(`${core(ground, 'services')}/empty`)
  await eventuallyGone(() => api.get(`${core(ground, 'endpoints')}/empty`))
  await eventually(async () => expect(await slicesOf(ground, 'empty')).toEqual([]))
}

/** From one type to another, and what that gives and takes. */
const changesType =
  (from: object, to: object, expected: object): Behave =>
  async (ground) => {
    await serve(ground, 'type', from)
    const patched = await ground.api.patch(`${core(ground, 'services')}/type`, { spec: to })
    expect(patched.spec).toMatchObject(expected)
  }

const externalName = { type: 'ExternalName', externalName: 'foo.example.com' }

behaviours('Network', {
  '[sig-network] ServiceCIDR and IPAddress API should support ServiceCIDR API operations': async ({
    api,
  }) => {
    const path = '/apis/networking.k8s.io/v1/servicecidrs'
    expect(await api.list(path)).toHaveLength(1)
    expect((await api.get(`${path}/kubernetes/status`)).status?.conditions).toEqual([
      expect.objectContaining({ type: 'Ready', status: 'True' }),
    ])
  },
  '[sig-network] API Server should provide secure master service': async ({ api }) => {
    const { spec } = await api.get('/api/v1/namespaces/default/services/kubernetes')
    expect(spec?.ports).toEqual([expect.objectContaining({ name: 'https', port: 443 })])
  },
  '[sig-network] API Server should have Endpoints and EndpointSlices pointing to API Server': async ({
    api,
  }) => {
    const { subsets } = await api.get('/api/v1/namespaces/default/endpoints/kubernetes')
    expect(subsets).toHaveLength(1)
    const slices = await api.list('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      labelSelector: 'kubernetes.io/service-name=kubernetes',
    })
    expect(readyAddresses(slices)).toHaveLength(1)
  },
  '[sig-network] EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service':
    followsPods,
  '[sig-network] EndpointsController should create Endpoints for Pods matching a Service': followsPods,
  '[sig-network] EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods':
    comesAndGoes,
  '[sig-network] EndpointsController should create and delete Endpoints for a Service with a selector that matches no pods':
    comesAndGoes,
  '[sig-network] Service endpoints latency should not be very high': async (ground) => {
    await startPod(ground, 'server', { app: 'latency' })
    const names = Array.from({ length: 50 }, (_, index) => `latency-${index}`)
    await Promise.all(names.map((name) => serve(ground, name, { selector: { app: 'latency' } })))
    // Upstream allows 50 seconds.
    await Promise.all(
      names.map((name) =>
        eventually(async () => expect(readyAddresses(await slicesOf(ground, name))).toHaveLength(1), {
          everyMs: 200,
        }),
      ),
    )
  },
  '[sig-network] Services should find a service from listing all namespaces': async (ground) => {
    await serve(ground, 'findable')
    const all = await ground.api.list('/api/v1/services')
    expect(all.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)).toContain(
      `${ground.namespace}/findable`,
    )
  },
  '[sig-network] Services should delete a collection of services': async (ground) => {
    const { api } = ground
    for (const name of ['a', 'b', 'c']) await serve(ground, name)
    await api.patch(`${core(ground, 'services')}/a`, { metadata: { labels: { go: 'yes' } } })
    await api.patch(`${core(ground, 'services')}/b`, { metadata: { labels: { go: 'yes' } } })
    await api.delete(core(ground, 'services'), { labelSelector: 'go=yes' })
    expect((await api.list(core(ground, 'services'))).map(({ metadata }) => metadata?.name)).toEqual(['c'])
  },
  '[sig-network] Services should be able to change the type from ExternalName to ClusterIP': changesType(
    externalName,
    { type: 'ClusterIP', externalName: null },
    { type: 'ClusterIP', clusterIP: expect.stringMatching(/^10\./) },
  ),
  '[sig-network] Services should be able to change the type from ExternalName to NodePort': changesType(
    externalName,
    { type: 'NodePort', externalName: null },
    { type: 'NodePort', ports: [expect.objectContaining({ nodePort: expect.any(Number) })] },
  ),
  '[sig-network] Services should be able to change the type from ClusterIP to ExternalName': changesType(
    { type: 'ClusterIP' },
    { ...externalName, clusterIP: '' },
    externalName,
  ),
  '[sig-network] Services should be able to change the type from NodePort to ExternalName': changesType(
    { type: 'NodePort' },
    { ...externalName, clusterIP: '', ports: [{ name: 'http', port: 80, nodePort: null }] },
    externalName,
  ),
})
