import { expect } from 'vitest'
import type { Json } from './support/api.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { condition, firstContainer, podSpec, workload } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

type Kind = 'statefulsets' | 'daemonsets'

const newImage = 'registry.test/web:2'
const asPatch = { spec: { template: { spec: { containers: [{ name: 'c', image: newImage }] } } } }
const strategic = 'application/strategic-merge-patch+json'

const pathOf = ({ namespace }: Ground, kind: Kind, name?: string): string =>
  `/apis/apps/v1/namespaces/${namespace}/${kind}${name === undefined ? '' : `/${name}`}`
const podPath = ({ namespace }: Ground, name: string): string =>
  `/api/v1/namespaces/${namespace}/pods/${name}`
const podsOf = (ground: Ground, app: string): Promise<readonly Json[]> =>
  ground.api.list(`/api/v1/namespaces/${ground.namespace}/pods`, { labelSelector: `app=${app}` })
const namesOf = (pods: readonly Json[]): readonly string[] =>
  pods.map(({ metadata }) => metadata?.name ?? '').sort()
const imagesOf = async (ground: Ground, app: string) =>
  Object.fromEntries(
    (await podsOf(ground, app)).map((pod) => [pod.metadata?.name ?? '', firstContainer(pod).image] as const),
  )

/** A container that is not ready as long as the annotation says so. */
const failing = (container = 'c') => ({
  [`simulated.timonel.dev/${container}`]: JSON.stringify({ failingProbes: ['readiness'] }),
})
const probed = {
  ...podSpec,
  containers: [
    {
      name: 'c',
      image: 'registry.test/web:1',
      readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1 },
    },
  ],
}

const makeStatefulSet = (ground: Ground, name: string, replicas: number, spec: object = {}) =>
  ground.api.create(pathOf(ground, 'statefulsets'), {
    metadata: { name },
    spec: { ...workload(name, replicas), serviceName: name, ...spec },
  })

const complete = (ground: Ground, name: string, replicas: number): Promise<Json> =>
  eventually(async () => {
    const live = await ground.api.get(pathOf(ground, 'statefulsets', name))
    expect(live.status).toMatchObject({
      observedGeneration: live.metadata?.generation,
      replicas,
      readyReplicas: replicas,
      updatedReplicas: replicas,
    })
    return live
  })

const rollsOutAndBack: Behave = async (ground) => {
  await makeStatefulSet(ground, 'roll', 3)
  const before = await complete(ground, 'roll', 3)
  const path = pathOf(ground, 'statefulsets', 'roll')
  await ground.api.patch(path, asPatch, strategic)
  const after = await complete(ground, 'roll', 3)
  expect(after.status?.updateRevision).not.toBe(before.status?.updateRevision)
  expect(new Set(Object.values(await imagesOf(ground, 'roll')))).toEqual(new Set([newImage]))
  await ground.api.patch(path, { spec: { template: before.spec?.template } })
  const back = await complete(ground, 'roll', 3)
  await eventually(async () => {
    const { status } = await ground.api.get(path)
    expect(status?.currentRevision).toBe(before.status?.updateRevision)
  })
  expect(back.status?.updateRevision).toBe(before.status?.updateRevision)
  expect(Object.values(await imagesOf(ground, 'roll'))).not.toContain(newImage)
}

const phasedUpdate: Behave = async (ground) => {
  const rollingUpdate = (partition: number) => ({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
  })
  const path = pathOf(ground, 'statefulsets', 'canary')
  await makeStatefulSet(ground, 'canary', 3, rollingUpdate(3))
  await complete(ground, 'canary', 3)
  await ground.api.patch(path, asPatch, strategic)
  await eventually(async () => {
    const { status } = await ground.api.get(path)
    expect(status?.updateRevision).not.toBe(status?.currentRevision)
  })
  expect(Object.values(await imagesOf(ground, 'canary'))).not.toContain(newImage)
  const at = (partition: number, updated: readonly string[]): Promise<void> =>
    eventually(async () => {
      const images = await imagesOf(ground, 'canary')
      expect(Object.keys(images)).toHaveLength(3)
      expect(
        Object.keys(images)
          .filter((name) => images[name] === newImage)
          .sort(),
      ).toEqual(updated)
      expect((await ground.api.get(path)).spec).toMatchObject(rollingUpdate(partition))
    })
  await ground.api.patch(path, { spec: rollingUpdate(2) })
  await at(2, ['canary-2'])
  await allReady(ground, 'canary')
  // Of those below the partition one that is deleted comes back as it was.
  await ground.api.delete(podPath(ground, 'canary-0'))
  await allReady(ground, 'canary')
  await at(2, ['canary-2'])
  await ground.api.patch(path, { spec: rollingUpdate(0) })
  await at(0, ['canary-0', 'canary-1', 'canary-2'])
}

/** All three are there and ready, whatever their revision. */
const allReady = (ground: Ground, name: string): Promise<void> =>
  eventually(async () => {
    const { status } = await ground.api.get(pathOf(ground, 'statefulsets', name))
    expect(status).toMatchObject({ replicas: 3, readyReplicas: 3 })
  })

/** Nobody is made or removed beyond one that is not ready. */
const haltsInOrder: Behave = async (ground) => {
  const { api } = ground
  const template = { metadata: { labels: { app: 'order' }, annotations: failing() }, spec: probed }
  await makeStatefulSet(ground, 'order', 3, { template })
  await eventually(async () => {
    const { status } = await api.get(podPath(ground, 'order-0'))
    expect(status?.phase).toBe('Running')
  })
  expect(namesOf(await podsOf(ground, 'order'))).toEqual(['order-0'])
  const path = pathOf(ground, 'statefulsets', 'order')
  const healthy = { spec: { template: { metadata: { annotations: { 'simulated.timonel.dev/c': null } } } } }
  await api.patch(path, healthy)
  await api.delete(podPath(ground, 'order-0'))
  await complete(ground, 'order', 3)
  const createdMs = async (name: string): Promise<number> =>
    Date.parse(String((await api.get(podPath(ground, name))).metadata?.creationTimestamp))
  expect(await createdMs('order-0')).toBeLessThanOrEqual(await createdMs('order-1'))
  expect(await createdMs('order-1')).toBeLessThanOrEqual(await createdMs('order-2'))
  await api.patch(path, { spec: { replicas: 0 } })
  await eventually(async () => expect(await podsOf(ground, 'order')).toHaveLength(0))
}

const bursts: Behave = async (ground) => {
  const template = { metadata: { labels: { app: 'burst' }, annotations: failing() }, spec: probed }
  await makeStatefulSet(ground, 'burst', 3, { template, podManagementPolicy: 'Parallel' })
  await eventually(async () =>
    expect(namesOf(await podsOf(ground, 'burst'))).toEqual(['burst-0', 'burst-1', 'burst-2']),
  )
  await ground.api.patch(pathOf(ground, 'statefulsets', 'burst'), { spec: { replicas: 0 } })
  await eventually(async () => expect(await podsOf(ground, 'burst')).toHaveLength(0))
}

const statusEndpoints =
  (kind: Kind, type: string): Behave =>
  async ({ api, ...rest }) => {
    const ground = { api, ...rest }
    const path = pathOf(ground, kind, 'told')
    const { replicas: _, ...daemons } = workload('told', 1)
    const spec = kind === 'daemonsets' ? daemons : { ...workload('told', 1), serviceName: 'told' }
    await api.create(pathOf(ground, kind), { metadata: { name: 'told' }, spec })
    expect(await api.get(`${path}/status`)).toMatchObject({ metadata: { name: 'told' } })
    await eventually(async () => {
      const live = await api.get(`${path}/status`)
      const status = { ...live.status, conditions: [condition(type)] }
      expect((await api.update(`${path}/status`, { ...live, status })).status).toMatchObject({
        conditions: [condition(type)],
      })
    })
    const patched = await api.patch(`${path}/status`, {
      metadata: { annotations: { patched: 'true' } },
      status: { conditions: [condition('StatusPatched')] },
    })
    expect(patched.status).toMatchObject({ conditions: [condition('StatusPatched')] })
    await eventually(async () => {
      const { status } = await api.get(path)
      expect(status).toMatchObject({ conditions: [condition('StatusPatched')] })
    })
  }

const deletedTogether =
  (kind: Kind): Behave =>
  async (ground) => {
    const { api } = ground
    const { replicas: _, ...daemons } = workload('many', 1)
    const spec = kind === 'daemonsets' ? daemons : { ...workload('many', 1), serviceName: 'many' }
    await api.create(pathOf(ground, kind), { metadata: { name: 'many', labels: { group: 'one' } }, spec })
    await eventually(async () => expect((await podsOf(ground, 'many')).length).toBeGreaterThan(0))
    expect(await api.list(pathOf(ground, kind), { labelSelector: 'group=one' })).toHaveLength(1)
    await api.patch(pathOf(ground, kind, 'many'), { metadata: { labels: { patched: 'yes' } } })
    await api.delete(pathOf(ground, kind), { labelSelector: 'patched=yes' })
    await eventuallyGone(() => api.get(pathOf(ground, kind, 'many')))
    await eventually(async () => expect(await podsOf(ground, 'many')).toHaveLength(0))
  }

const makeDaemonSet = (ground: Ground, name: string, spec: object = {}) => {
  const { replicas: _, ...rest } = workload(name, 1)
  return ground.api.create(pathOf(ground, 'daemonsets'), { metadata: { name }, spec: { ...rest, ...spec } })
}

/** So many nodes have their pod, all of the newest template. */
const onNodes = (ground: Ground, name: string, count: number): Promise<Json> =>
  eventually(async () => {
    const live = await ground.api.get(pathOf(ground, 'daemonsets', name))
    expect(live.status).toMatchObject({
      observedGeneration: live.metadata?.generation,
      desiredNumberScheduled: count,
      currentNumberScheduled: count,
      numberReady: count,
      numberMisscheduled: 0,
      ...(count === 0 ? {} : { updatedNumberScheduled: count }),
    })
    return live
  })

behaviours('Stateful and daemon sets', {
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should perform rolling updates and roll backs of template modifications':
    rollsOutAndBack,
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should perform canary updates and phased rolling updates of template modifications':
    phasedUpdate,
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Scaling should happen in predictable order and halt if any stateful pod is unhealthy [Slow]':
    haltsInOrder,
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Burst scaling should run to completion even with unhealthy pods [Slow]':
    bursts,
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Should recreate evicted statefulset':
    async (ground) => {
      await makeStatefulSet(ground, 'back', 1)
      await complete(ground, 'back', 1)
      const before = (await ground.api.get(podPath(ground, 'back-0'))).metadata?.uid
      await ground.api.patch(`${podPath(ground, 'back-0')}/status`, { status: { phase: 'Failed' } })
      await eventually(async () =>
        expect((await ground.api.get(podPath(ground, 'back-0'))).metadata?.uid).not.toBe(before),
      )
      await complete(ground, 'back', 1)
    },
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should have a working scale subresource':
    async (ground) => {
      const path = `${pathOf(ground, 'statefulsets', 'scaled')}/scale`
      await makeStatefulSet(ground, 'scaled', 1)
      await complete(ground, 'scaled', 1)
      const scale = await ground.api.get(path)
      expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { replicas: 1 } })
      await ground.api.update(path, { ...scale, spec: { replicas: 2 } })
      await complete(ground, 'scaled', 2)
      await ground.api.patch(path, { spec: { replicas: 4 } })
      await complete(ground, 'scaled', 4)
    },
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should list, patch and delete a collection of StatefulSets':
    deletedTogether('statefulsets'),
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should validate Statefulset Status endpoints':
    statusEndpoints('statefulsets', 'StatusUpdate'),
  '[sig-apps] Daemon set [Serial] should list and delete a collection of DaemonSets':
    deletedTogether('daemonsets'),
  '[sig-apps] Daemon set [Serial] should verify changes to a daemon set status': statusEndpoints(
    'daemonsets',
    'StatusUpdate',
  ),
  '[sig-apps] Daemon set [Serial] should run and stop simple daemon': async (ground) => {
    await makeDaemonSet(ground, 'simple')
    await onNodes(ground, 'simple', 2)
    const [first] = namesOf(await podsOf(ground, 'simple'))
    await ground.api.delete(podPath(ground, first ?? ''))
    await eventually(async () => {
      const names = namesOf(await podsOf(ground, 'simple'))
      expect(names).toHaveLength(2)
      expect(names).not.toContain(first)
    })
    await onNodes(ground, 'simple', 2)
  },
  '[sig-apps] Daemon set [Serial] should run and stop complex daemon': async (ground) => {
    const spec = { ...podSpec, nodeSelector: { [`color-${ground.namespace}`]: 'blue' } }
    const template = { metadata: { labels: { app: 'complex' } }, spec }
    const paint = (color: string | null): Promise<Json> =>
      ground.api.patch('/api/v1/nodes/node-1', {
        metadata: { labels: { [`color-${ground.namespace}`]: color } },
      })
    await makeDaemonSet(ground, 'complex', { template })
    await onNodes(ground, 'complex', 0)
    await paint('blue')
    await onNodes(ground, 'complex', 1)
    await paint('green')
    await onNodes(ground, 'complex', 0)
    await eventually(async () => expect(await podsOf(ground, 'complex')).toHaveLength(0))
    const green = { template: { spec: { nodeSelector: { [`color-${ground.namespace}`]: 'green' } } } }
    await ground.api.patch(pathOf(ground, 'daemonsets', 'complex'), { spec: green })
    await onNodes(ground, 'complex', 1)
    await paint(null)
  },
  '[sig-apps] Daemon set [Serial] should retry creating failed daemon pods': async (ground) => {
    await makeDaemonSet(ground, 'retry')
    await onNodes(ground, 'retry', 2)
    const [first = ''] = namesOf(await podsOf(ground, 'retry'))
    await ground.api.patch(`${podPath(ground, first)}/status`, { status: { phase: 'Failed' } })
    await eventuallyGone(() => ground.api.get(podPath(ground, first)))
    await onNodes(ground, 'retry', 2)
  },
  '[sig-apps] Daemon set [Serial] should update pod when spec was updated and update strategy is RollingUpdate':
    async (ground) => {
      await makeDaemonSet(ground, 'update')
      await onNodes(ground, 'update', 2)
      await ground.api.patch(pathOf(ground, 'daemonsets', 'update'), asPatch, strategic)
      await onNodes(ground, 'update', 2)
      expect(Object.values(await imagesOf(ground, 'update'))).toEqual([newImage, newImage])
      const path = `/apis/apps/v1/namespaces/${ground.namespace}/controllerrevisions`
      const revisions = await ground.api.list(path, { labelSelector: 'app=update' })
      expect(revisions).toHaveLength(2)
    },
  '[sig-apps] Daemon set [Serial] should rollback without unnecessary restarts': async (ground) => {
    const path = pathOf(ground, 'daemonsets', 'undo')
    const { spec } = await makeDaemonSet(ground, 'undo')
    await onNodes(ground, 'undo', 2)
    const before = (await podsOf(ground, 'undo')).map(({ metadata }) => metadata?.uid)
    // An image that is never there: one node's pod is replaced and waits, the other's stays.
    const broken = {
      spec: {
        template: {
          spec: { containers: [{ name: 'c', image: 'foo:non-existent', imagePullPolicy: 'Never' }] },
        },
      },
    }
    await ground.api.patch(path, broken, strategic)
    await eventually(async () =>
      expect(Object.values(await imagesOf(ground, 'undo'))).toContain('foo:non-existent'),
    )
    await ground.api.patch(path, { spec: { template: spec?.template } })
    await onNodes(ground, 'undo', 2)
    const after = (await podsOf(ground, 'undo')).map(({ metadata }) => metadata?.uid)
    expect(after.filter((uid) => before.includes(uid))).toHaveLength(1)
  },
})
