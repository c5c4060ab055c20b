import { expect } from 'vitest'
import { StatusError } from '../../src/cluster/index.ts'
import type { Json } from './support/api.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { firstContainer, podSpec } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const core = ({ namespace }: Ground, resource: string) => `/api/v1/namespaces/${namespace}/${resource}`

const refusedAs = async (call: Promise<unknown>, reason: string): Promise<void> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof StatusError)) throw error ?? new Error('it was not refused')
  expect(error.status.reason).toBe(reason)
}

/** Nothing but metadata changes any more, and it can still be deleted. */
const immutable =
  (resource: string): Behave =>
  async (ground) => {
    const { api } = ground
    const path = `${core(ground, resource)}/fixed`
    await api.create(core(ground, resource), { metadata: { name: 'fixed' }, data: { a: 'YQ==' } })
    await api.patch(path, { data: { b: 'Yg==' } })
    await api.patch(path, { immutable: true })
    await refusedAs(api.patch(path, { data: { c: 'Yw==' } }), 'Invalid')
    await refusedAs(api.patch(path, { immutable: false }), 'Invalid')
    await api.patch(path, { metadata: { labels: { fine: 'yes' } } })
    await api.delete(path)
    await eventuallyGone(() => api.get(path))
  }

const emptyKey =
  (resource: string): Behave =>
  (ground) =>
    refusedAs(
      ground.api.create(core(ground, resource), { metadata: { name: 'empty' }, data: { '': 'dg==' } }),
      'Invalid',
    )

const running = (ground: Ground, name: string): Promise<Json> =>
  eventually(async () => {
    const pod = await ground.api.get(`${core(ground, 'pods')}/${name}`)
    expect(pod.status?.phase).toBe('Running')
    return pod
  })

const startPod = (ground: Ground, name: string, spec: object = {}, labels: object = {}) =>
  ground.api.create(core(ground, 'pods'), { metadata: { name, labels }, spec: { ...podSpec, ...spec } })

/** A Pod that names a RuntimeClass that is not there. */
const withoutClass: Behave = (ground) =>
  refusedAs(startPod(ground, 'p', { runtimeClassName: 'nonexistent' }), 'Forbidden')

behaviours('Core', {
  '[sig-storage] ConfigMap should be immutable if `immutable` field is set': immutable('configmaps'),
  '[sig-storage] Secrets should be immutable if `immutable` field is set': immutable('secrets'),
  '[sig-node] ConfigMap should fail to create ConfigMap with empty key': emptyKey('configmaps'),
  '[sig-node] Secrets should fail to create secret due to empty secret key': emptyKey('secrets'),
  '[sig-node] ConfigMap should update ConfigMap successfully [NodeConformance]': async (ground) => {
    const made = await ground.api.create(core(ground, 'configmaps'), {
      metadata: { name: 'c' },
      data: { a: '1' },
    })
    const updated = await ground.api.update(`${core(ground, 'configmaps')}/c`, { ...made, data: { a: '2' } })
    expect(updated.data).toEqual({ a: '2' })
  },
  '[sig-instrumentation] Events API should ensure that an event can be fetched, patched, deleted, and listed':
    async (ground) => {
      const { api, namespace } = ground
      const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
      await api.create(path, {
        metadata: { name: 'e', labels: { testevent: 'yes' } },
        regarding: { namespace },
        eventTime: '2017-09-19T13:49:16.000000Z',
        note: 'n',
        action: 'Do',
        reason: 'Test',
        type: 'Normal',
        reportingController: 'test-controller',
        reportingInstance: 'test-node',
      })
      expect(
        await api.list('/apis/events.k8s.io/v1/events', { labelSelector: 'testevent=yes' }),
      ).toHaveLength(1)
      for (const [where, fieldSelector] of [
        [core(ground, 'events'), 'source=test-controller'],
        [path, 'reportingController=test-controller'],
        [path, `regarding.namespace=${namespace}`],
      ] as const)
        expect((await api.list(where, { fieldSelector })).map(({ metadata }) => metadata?.name)).toEqual([
          'e',
        ])
      const series = (count: number) => ({ count, lastObservedTime: '2017-09-19T13:49:16.000000Z' })
      expect((await api.patch(`${path}/e`, { series: series(2) })).series).toEqual(series(2))
      const updated = await api.update(`${path}/e`, { ...(await api.get(`${path}/e`)), series: series(100) })
      expect(updated.series).toEqual(series(100))
      await api.delete(`${path}/e`)
      expect(await api.list(path)).toEqual([])
    },
  '[sig-node] Pods should get a host IP [NodeConformance]': async (ground) => {
    await startPod(ground, 'p')
    const { status } = await running(ground, 'p')
    expect(status?.hostIP).toEqual(expect.stringMatching(/^\d+\./))
    expect(status?.hostIPs).toEqual([{ ip: status?.hostIP }])
  },
  '[sig-node] Pods should be submitted and removed [NodeConformance]': async (ground) => {
    const { api } = ground
    await startPod(ground, 'p', { terminationGracePeriodSeconds: 1 }, { time: 'now' })
    await running(ground, 'p')
    expect(await api.list(core(ground, 'pods'), { labelSelector: 'time=now' })).toHaveLength(1)
    const deleted = await api.delete(`${core(ground, 'pods')}/p`, {}, { gracePeriodSeconds: 1 })
    expect(deleted.metadata?.deletionTimestamp).toBeDefined()
    await eventuallyGone(() => api.get(`${core(ground, 'pods')}/p`))
  },
  '[sig-node] Pods should be updated [NodeConformance]': async (ground) => {
    await startPod(ground, 'p', {}, { time: 'one' })
    await running(ground, 'p')
    await eventually(async () => {
      const live = await ground.api.get(`${core(ground, 'pods')}/p`)
      await ground.api.update(`${core(ground, 'pods')}/p`, {
        ...live,
        metadata: { ...live.metadata, labels: { time: 'two' } },
      })
    })
    expect(await ground.api.list(core(ground, 'pods'), { labelSelector: 'time=two' })).toHaveLength(1)
  },
  '[sig-node] Pods should delete a collection of pods': async (ground) => {
    for (const name of ['a', 'b', 'c']) await startPod(ground, name, {}, { type: 'Testing' })
    await ground.api.delete(
      core(ground, 'pods'),
      { labelSelector: 'type=Testing' },
      { gracePeriodSeconds: 0 },
    )
    await eventually(async () => expect(await ground.api.list(core(ground, 'pods'))).toEqual([]))
  },
  '[sig-node] Pods should patch a pod status': async (ground) => {
    await startPod(ground, 'p')
    await running(ground, 'p')
    const patched = await ground.api.patch(
      `${core(ground, 'pods')}/p/status`,
      { status: { message: 'Patched by e2e test', reason: 'E2E' } },
      'application/strategic-merge-patch+json',
    )
    expect(patched.status).toMatchObject({ message: 'Patched by e2e test', reason: 'E2E' })
  },
  '[sig-node] Pods should allow activeDeadlineSeconds to be updated [NodeConformance]': async (ground) => {
    await startPod(ground, 'p')
    await running(ground, 'p')
    await ground.api.patch(`${core(ground, 'pods')}/p`, { spec: { activeDeadlineSeconds: 1 } })
    await eventually(async () =>
      expect((await ground.api.get(`${core(ground, 'pods')}/p`)).status).toMatchObject({
        phase: 'Failed',
        reason: 'DeadlineExceeded',
      }),
    )
  },
  '[sig-node] Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu':
    async (ground) => {
      const same = { cpu: '100m', memory: '100Mi' }
      const containers = [
        { name: 'c', image: 'registry.test/web:1', resources: { requests: same, limits: same } },
      ]
      expect((await startPod(ground, 'p', { containers })).status?.qosClass).toBe('Guaranteed')
    },
  '[sig-node] RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [NodeConformance]':
    withoutClass,
  '[sig-node] RuntimeClass should reject a Pod requesting a deleted RuntimeClass [NodeConformance]': async (
    ground,
  ) => {
    const path = '/apis/node.k8s.io/v1/runtimeclasses'
    await ground.api.create(path, { metadata: { name: 'nonexistent' }, handler: 'h' })
    await ground.api.delete(`${path}/nonexistent`)
    await eventually(() => withoutClass(ground))
  },
  '[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass and initialize its Overhead [NodeConformance]':
    async (ground) => {
      const podFixed = { cpu: '10m', memory: '1Mi' }
      await ground.api.create('/apis/node.k8s.io/v1/runtimeclasses', {
        metadata: { name: 'over' },
        handler: 'h',
        overhead: { podFixed },
      })
      const pod = await eventually(() => startPod(ground, 'p', { runtimeClassName: 'over' }))
      expect(pod.spec?.overhead).toEqual(podFixed)
    },
  '[sig-scheduling] LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied.':
    async (ground) => {
      const limits = [
        {
          type: 'Container',
          max: { cpu: '500m' },
          min: { cpu: '50m' },
          default: { cpu: '300m' },
          defaultRequest: { cpu: '100m' },
        },
      ]
      await ground.api.create(core(ground, 'limitranges'), { metadata: { name: 'l' }, spec: { limits } })
      const pod = await eventually(async () => {
        const made = await ground.api.create(core(ground, 'pods'), {
          metadata: { generateName: 'p-' },
          spec: podSpec,
        })
        expect(firstContainer(made).resources).toEqual({ limits: { cpu: '300m' }, requests: { cpu: '100m' } })
        return made
      })
      expect(pod.status?.qosClass).toBe('Burstable')
      const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '10m' } } }]
      await refusedAs(startPod(ground, 'small', { containers }), 'Forbidden')
      const large = [{ name: 'c', image: 'i', resources: { limits: { cpu: '600m' } } }]
      await refusedAs(startPod(ground, 'large', { containers: large }), 'Forbidden')
    },
  '[sig-architecture] Conformance Tests should have at least two untainted nodes': async ({ api }) => {
    const nodes = await api.list('/api/v1/nodes')
    expect(nodes.filter(({ spec }) => spec?.taints === undefined).length).toBeGreaterThanOrEqual(2)
  },
  '[sig-node] Node Lifecycle should run through the lifecycle of a node': async ({ api }) => {
    await api.create('/api/v1/nodes', { metadata: { name: 'fake', labels: { e2e: 'fake' } } })
    const patched = await api.patch('/api/v1/nodes/fake', { metadata: { labels: { fake: 'patched' } } })
    expect(patched.metadata?.labels).toMatchObject({ e2e: 'fake', fake: 'patched' })
    const condition = {
      type: 'Test',
      status: 'True',
      reason: 'E2E',
      message: 'm',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      lastHeartbeatTime: '2026-01-01T00:00:00Z',
    }
    const shown = await api.patch(
      '/api/v1/nodes/fake/status',
      { status: { conditions: [condition] } },
      'application/strategic-merge-patch+json',
    )
    expect(shown.status?.conditions).toContainEqual(condition)
    await api.delete('/api/v1/nodes', { labelSelector: 'e2e=fake' })
    await eventuallyGone(() => api.get('/api/v1/nodes/fake'))
  },
})
