import { expect } from 'vitest'
import type { Json } from './support/api.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { podSpec, template } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const controllers = ({ namespace }: Ground) => `/api/v1/namespaces/${namespace}/replicationcontrollers`
const pods = ({ namespace }: Ground) => `/api/v1/namespaces/${namespace}/pods`

const start = (ground: Ground, name: string, replicas: number): Promise<Json> =>
  ground.api.create(controllers(ground), {
    metadata: { name, labels: { app: name } },
    spec: { replicas, selector: { app: name }, template: template(name) },
  })

const podsOf = (ground: Ground, app: string): Promise<readonly Json[]> =>
  ground.api.list(pods(ground), { labelSelector: `app=${app}` })

/** The status that a controller of so many settled pods shows. */
const settled = (ground: Ground, name: string, replicas: number): Promise<Json> =>
  eventually(async () => {
    const live = await ground.api.get(`${controllers(ground)}/${name}`)
    expect(live.status).toMatchObject({ replicas, ...(replicas > 0 ? { readyReplicas: replicas } : {}) })
    return live
  })

/** A quota refuses what is over it: the controller says so until it wants no more. */
const overQuota: Behave = async (ground) => {
  const { api, namespace } = ground
  const path = `${controllers(ground)}/over-quota`
  const failures = async () => {
    const { conditions = [] } = (await api.get(path)).status ?? {}
    return Array.isArray(conditions) ? conditions : []
  }
  await api.create(`/api/v1/namespaces/${namespace}/resourcequotas`, {
    metadata: { name: 'over-quota' },
    spec: { hard: { pods: '2' } },
  })
  await eventually(async () =>
    expect((await api.get(`/api/v1/namespaces/${namespace}/resourcequotas/over-quota`)).status).toMatchObject(
      {
        hard: { pods: '2' },
      },
    ),
  )
  await start(ground, 'over-quota', 3)
  await eventually(async () =>
    expect(await failures()).toMatchObject([
      {
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: expect.stringContaining('exceeded quota'),
      },
    ]),
  )
  await api.patch(path, { spec: { replicas: 2 } })
  await eventually(async () => expect(await failures()).toEqual([]))
}

const owners = ({ metadata }: Json) => metadata?.ownerReferences ?? []

const adopts: Behave = async (ground) => {
  const { api } = ground
  await eventually(() =>
    api.create(pods(ground), { metadata: { name: 'orphan', labels: { app: 'adopt' } }, spec: podSpec }),
  )
  await start(ground, 'adopt', 1)
  await eventually(async () =>
    expect(owners(await api.get(`${pods(ground)}/orphan`))).toEqual([
      expect.objectContaining({ kind: 'ReplicationController', name: 'adopt', controller: true }),
    ]),
  )
  expect(await podsOf(ground, 'adopt')).toHaveLength(1)
}

const releases: Behave = async (ground) => {
  await start(ground, 'release', 1)
  await settled(ground, 'release', 1)
  const [pod] = await podsOf(ground, 'release')
  const path = `${pods(ground)}/${pod?.metadata?.name}`
  await ground.api.patch(path, { metadata: { labels: { app: 'released' } } })
  await eventually(async () => expect(owners(await ground.api.get(path))).toEqual([]))
  await eventually(async () => expect(await podsOf(ground, 'release')).toHaveLength(1))
}

const scales: Behave = async (ground) => {
  const path = `${controllers(ground)}/scaled`
  await start(ground, 'scaled', 1)
  await settled(ground, 'scaled', 1)
  const scale = await ground.api.get(`${path}/scale`)
  expect(scale).toMatchObject({
    kind: 'Scale',
    spec: { replicas: 1 },
    status: { replicas: 1, selector: 'app=scaled' },
  })
  const updated = await ground.api.update(`${path}/scale`, { ...scale, spec: { replicas: 2 } })
  expect(updated.spec).toEqual({ replicas: 2 })
  await settled(ground, 'scaled', 2)
}

/** Created, patched, scaled, shown by its status, and deleted by a selector. */
const lifecycle: Behave = async (ground) => {
  const { api } = ground
  const path = `${controllers(ground)}/life`
  const { metadata } = await api.get(controllers(ground))
  const watched = api.watch(
    controllers(ground),
    { labelSelector: 'app=life', resourceVersion: metadata?.resourceVersion ?? '' },
    (events) => events.at(-1)?.type === 'DELETED',
  )
  await start(ground, 'life', 1)
  await settled(ground, 'life', 1)
  const patched = await api.patch(
    path,
    { metadata: { labels: { 'test-rc': 'patched' } } },
    'application/strategic-merge-patch+json',
  )
  expect(patched.metadata?.labels).toMatchObject({ 'test-rc': 'patched' })
  const shown = await api.patch(`${path}/status`, { status: { readyReplicas: 0, availableReplicas: 0 } })
  expect(shown.status?.readyReplicas ?? 0).toBe(0)
  expect((await api.get(`${path}/status`)).metadata?.name).toBe('life')
  await settled(ground, 'life', 1)
  await api.patch(`${path}/scale`, { spec: { replicas: 2 } })
  await settled(ground, 'life', 2)
  await eventually(async () => {
    const live = await api.get(path)
    await api.update(path, { ...live, spec: { ...live.spec, replicas: 1 } })
  })
  await settled(ground, 'life', 1)
  expect(await api.list('/api/v1/replicationcontrollers', { labelSelector: 'test-rc=patched' })).toHaveLength(
    1,
  )
  await api.delete(controllers(ground), { labelSelector: 'app=life' })
  await eventuallyGone(() => api.get(path))
  expect((await watched)[0]?.type).toBe('ADDED')
}

const policies = { background: 'Background', orphan: 'Orphan', foreground: 'Foreground' } as const

/** With its pods, without them, or after them. */
const collects =
  (policy: keyof typeof policies): Behave =>
  async (ground) => {
    const { api } = ground
    const count = 10
    const { metadata } = await start(ground, 'owner', count)
    await settled(ground, 'owner', count)
    const options = { propagationPolicy: policies[policy], preconditions: { uid: metadata?.uid } }
    await api.delete(`${controllers(ground)}/owner`, {}, options)
    await eventuallyGone(() => api.get(`${controllers(ground)}/owner`))
    if (policy === 'foreground') expect(await podsOf(ground, 'owner')).toEqual([])
    if (policy !== 'orphan') {
      await eventually(async () => expect(await podsOf(ground, 'owner')).toEqual([]))
      return
    }
    const left = await podsOf(ground, 'owner')
    expect(left).toHaveLength(count)
    for (const pod of left) {
      expect(owners(pod)).toEqual([])
      expect(pod.metadata?.deletionTimestamp).toBeUndefined()
    }
  }

/** Half of the pods have another owner, which stays, and they with it. */
const sharedOwners: Behave = async (ground) => {
  const { api } = ground
  const first = await start(ground, 'goes', 10)
  const second = await start(ground, 'stays', 0)
  await settled(ground, 'goes', 10)
  const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'stays', uid: second.metadata?.uid }
  const shared = (await podsOf(ground, 'goes')).slice(0, 5).map((pod) => pod.metadata?.name ?? '')
  for (const name of shared)
    await api.patch(
      `${pods(ground)}/${name}`,
      { metadata: { ownerReferences: [owner] } },
      'application/strategic-merge-patch+json',
    )
  const options = { propagationPolicy: 'Foreground', preconditions: { uid: first.metadata?.uid } }
  await api.delete(`${controllers(ground)}/goes`, {}, options)
  await eventuallyGone(() => api.get(`${controllers(ground)}/goes`))
  const left = await podsOf(ground, 'goes')
  expect(left.map(({ metadata }) => metadata?.name).toSorted()).toEqual(shared.toSorted())
  for (const pod of left) {
    expect(pod.metadata?.deletionTimestamp).toBeUndefined()
    expect(owners(pod)).toMatchObject([{ name: 'stays' }])
  }
}

const controller = (what: string) => `[sig-apps] ReplicationController should ${what}`
const collector = (what: string) => `[sig-api-machinery] Garbage collector should ${what}`

behaviours('Replication controllers', {
  [controller('adopt matching pods on creation')]: adopts,
  [controller('release no longer matching pods')]: releases,
  [controller('get and update a ReplicationController scale')]: scales,
  [controller('serve a basic image on each replica with a public image')]: async (ground) => {
    await start(ground, 'basic', 2)
    await settled(ground, 'basic', 2)
    const phases = (await podsOf(ground, 'basic')).map(({ status }) => status?.phase)
    expect(phases).toEqual(['Running', 'Running'])
  },
  [controller('surface a failure condition on a common issue like exceeded quota')]: overQuota,
  [controller('test the lifecycle of a ReplicationController')]: lifecycle,
  [collector('delete pods created by rc when not orphaning')]: collects('background'),
  [collector('orphan pods created by rc if delete options say so [Serial]')]: collects('orphan'),
  [collector('keep the rc around until all its pods are deleted if the deleteOptions says so [Serial]')]:
    collects('foreground'),
  [collector(
    "not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted [Serial]",
  )]: sharedOwners,
})
