import { expect } from 'vitest'
import type { Json } from './support/api.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { firstContainer, podSpec, workload } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const apps = ({ namespace }: Ground, resource: string) => `/apis/apps/v1/namespaces/${namespace}/${resource}`
const podsOf = (ground: Ground, app: string) =>
  ground.api.list(`/api/v1/namespaces/${ground.namespace}/pods`, { labelSelector: `app=${app}` })

const deploy = (ground: Ground, name: string, replicas: number, spec: object = {}) =>
  ground.api.create(apps(ground, 'deployments'), {
    metadata: { name },
    spec: { ...workload(name, replicas), ...spec },
  })

/** Until the whole Deployment is as its newest template says, and available. */
const complete = (ground: Ground, name: string, replicas: number): Promise<Json> =>
  eventually(async () => {
    const live = await ground.api.get(`${apps(ground, 'deployments')}/${name}`)
    expect(live.status).toMatchObject({
      observedGeneration: live.metadata?.generation,
      replicas,
      updatedReplicas: replicas,
      availableReplicas: replicas,
    })
    return live
  })

const newImage = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'c', image }] } } } })

const imagesOf = (pods: readonly Json[]): readonly unknown[] => pods.map((pod) => firstContainer(pod).image)

/** Old pods go, new ones come, by either strategy. */
const rollsOut =
  (strategy: string): Behave =>
  async (ground) => {
    const path = `${apps(ground, 'deployments')}/roll`
    await deploy(ground, 'roll', 2, { strategy: { type: strategy } })
    await complete(ground, 'roll', 2)
    await ground.api.patch(path, newImage('registry.test/web:2'), 'application/strategic-merge-patch+json')
    await complete(ground, 'roll', 2)
    await eventually(async () =>
      expect(imagesOf(await podsOf(ground, 'roll'))).toEqual(['registry.test/web:2', 'registry.test/web:2']),
    )
    expect((await ground.api.get(path)).metadata?.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '2',
    })
    const sets = await ground.api.list(apps(ground, 'replicasets'), { labelSelector: 'app=roll' })
    expect(sets.map(({ spec }) => spec?.replicas).toSorted()).toEqual([0, 2])
  }

/** GET, PUT and PATCH of `/scale`, and what comes of it. */
const scales =
  (resource: string): Behave =>
  async (ground) => {
    const { api } = ground
    const path = `${apps(ground, resource)}/scaled`
    await api.create(apps(ground, resource), { metadata: { name: 'scaled' }, spec: workload('scaled', 1) })
    const scale = await api.get(`${path}/scale`)
    expect(scale).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 1 } })
    await eventually(async () =>
      api.update(`${path}/scale`, { ...(await api.get(`${path}/scale`)), spec: { replicas: 2 } }),
    )
    expect((await api.get(path)).spec?.replicas).toBe(2)
    await api.patch(`${path}/scale`, { spec: { replicas: 4 } })
    expect((await api.get(path)).spec?.replicas).toBe(4)
    await eventually(async () => expect(await podsOf(ground, 'scaled')).toHaveLength(4))
  }

behaviours('Apps', {
  '[sig-apps] Deployment Deployment should have a working scale subresource': scales('deployments'),
  '[sig-apps] ReplicaSet Replicaset should have a working scale subresource': scales('replicasets'),
  '[sig-apps] Deployment RollingUpdateDeployment should delete old pods and create new ones':
    rollsOut('RollingUpdate'),
  '[sig-apps] Deployment RecreateDeployment should delete old pods and create new ones': rollsOut('Recreate'),
  '[sig-apps] Deployment deployment should delete old replica sets': async (ground) => {
    await deploy(ground, 'history', 1, { revisionHistoryLimit: 0 })
    await complete(ground, 'history', 1)
    await ground.api.patch(
      `${apps(ground, 'deployments')}/history`,
      newImage('registry.test/web:2'),
      'application/strategic-merge-patch+json',
    )
    await eventually(async () => {
      const sets = await ground.api.list(apps(ground, 'replicasets'))
      expect(sets.map(({ spec }) => spec?.replicas)).toEqual([1])
    })
  },
  '[sig-apps] Deployment deployment should support rollover': async (ground) => {
    const path = `${apps(ground, 'deployments')}/over`
    await deploy(ground, 'over', 2)
    for (const image of ['registry.test/web:2', 'registry.test/web:3'])
      await ground.api.patch(path, newImage(image), 'application/strategic-merge-patch+json')
    await complete(ground, 'over', 2)
    await eventually(async () => {
      const sets = await ground.api.list(apps(ground, 'replicasets'))
      expect(sets.filter(({ spec }) => spec?.replicas !== 0)).toHaveLength(1)
    })
  },
  '[sig-apps] Deployment deployment should support proportional scaling': async (ground) => {
    const path = `${apps(ground, 'deployments')}/part`
    const rollingUpdate = { maxSurge: 3, maxUnavailable: 2 }
    await deploy(ground, 'part', 10, { strategy: { type: 'RollingUpdate', rollingUpdate } })
    await complete(ground, 'part', 10)
    // No node can take a pod of the new template: the rollout stops half-way.
    const stuck = {
      template: {
        spec: { nodeSelector: { none: 'such' }, containers: [{ name: 'c', image: 'registry.test/web:2' }] },
      },
    }
    await ground.api.patch(path, { spec: stuck }, 'application/strategic-merge-patch+json')
    const sizes = async () =>
      (await ground.api.list(apps(ground, 'replicasets')))
        .map(({ spec }) => Number(spec?.replicas))
        .toSorted((a, b) => b - a)
    await eventually(async () => expect(await sizes()).toEqual([8, 5]))
    await ground.api.patch(`${path}/scale`, { spec: { replicas: 30 } })
    await eventually(async () => expect(await sizes()).toEqual([20, 13]))
  },
  '[sig-apps] Deployment should run the lifecycle of a Deployment': async (ground) => {
    const { api } = ground
    const path = `${apps(ground, 'deployments')}/life`
    await deploy(ground, 'life', 1)
    await complete(ground, 'life', 1)
    await api.patch(path, { metadata: { labels: { patched: 'true' } }, spec: { replicas: 2 } })
    const live = await complete(ground, 'life', 2)
    expect(live.metadata?.labels).toMatchObject({ patched: 'true' })
    expect(await api.list('/apis/apps/v1/deployments', { labelSelector: 'patched=true' })).toHaveLength(1)
    await api.delete(apps(ground, 'deployments'), { labelSelector: 'patched=true' })
    await eventuallyGone(() => api.get(path))
    await eventually(async () => expect(await podsOf(ground, 'life')).toEqual([]))
  },
  '[sig-apps] ReplicaSet should serve a basic image on each replica with a public image': async (ground) => {
    await ground.api.create(apps(ground, 'replicasets'), {
      metadata: { name: 'basic' },
      spec: workload('basic', 2),
    })
    await eventually(async () => {
      const pods = await podsOf(ground, 'basic')
      expect(pods.map(({ status }) => status?.phase)).toEqual(['Running', 'Running'])
    })
  },
  '[sig-apps] ReplicaSet Replace and Patch tests': async (ground) => {
    const { api } = ground
    const path = `${apps(ground, 'replicasets')}/rs`
    await api.create(apps(ground, 'replicasets'), { metadata: { name: 'rs' }, spec: workload('rs', 1) })
    await eventually(async () => {
      const live = await api.get(path)
      await api.update(path, { ...live, spec: { ...live.spec, replicas: 2 } })
    })
    await eventually(async () => expect((await api.get(path)).status).toMatchObject({ readyReplicas: 2 }))
    await api.patch(
      path,
      { spec: { replicas: 3, minReadySeconds: 0 } },
      'application/strategic-merge-patch+json',
    )
    await eventually(async () => expect((await api.get(path)).status).toMatchObject({ availableReplicas: 3 }))
  },
  '[sig-apps] ReplicaSet should adopt matching pods on creation and release no longer matching pods': async (
    ground,
  ) => {
    const { api, namespace } = ground
    const pod = `/api/v1/namespaces/${namespace}/pods/orphan`
    await api.create(`/api/v1/namespaces/${namespace}/pods`, {
      metadata: { name: 'orphan', labels: { app: 'adopt' } },
      spec: podSpec,
    })
    await api.create(apps(ground, 'replicasets'), { metadata: { name: 'adopt' }, spec: workload('adopt', 1) })
    await eventually(async () =>
      expect((await api.get(pod)).metadata?.ownerReferences).toEqual([
        expect.objectContaining({ kind: 'ReplicaSet', name: 'adopt', controller: true }),
      ]),
    )
    await api.patch(pod, { metadata: { labels: { app: 'released' } } })
    await eventually(async () => expect((await api.get(pod)).metadata?.ownerReferences ?? []).toEqual([]))
    await eventually(async () => expect(await podsOf(ground, 'adopt')).toHaveLength(1))
  },
})
