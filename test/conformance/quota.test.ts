import { expect } from 'vitest'
import { eventually } from './support/eventually.ts'
import { podSpec, workload } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const core = ({ namespace }: Ground) => `/api/v1/namespaces/${namespace}`
const quotas = (ground: Ground) => `${core(ground)}/resourcequotas`

const makeQuota = (ground: Ground, hard: object, spec: object = {}, name = 'test-quota') =>
  ground.api.create(quotas(ground), { metadata: { name }, spec: { hard, ...spec } })

const uses = (ground: Ground, used: object, name = 'test-quota') =>
  eventually(async () =>
    expect((await ground.api.get(`${quotas(ground)}/${name}`)).status).toMatchObject({ used }),
  )

/** A quota that counts what a namespace has at first, one object more while there is one, and gives it back. */
const life =
  (name: string, path: (ground: Ground) => string, object: object, group = ''): Behave =>
  async (ground) => {
    const { api } = ground
    const key = path(ground).startsWith('/api/v1') && group === '' ? name : `count/${name}.${group}`
    // What every namespace is given is there before anything is counted.
    await eventually(() => api.get(`${core(ground)}/serviceaccounts/default`))
    await eventually(() => api.get(`${core(ground)}/configmaps/kube-root-ca.crt`))
    const before = (await api.list(path(ground))).length
    await makeQuota(ground, { [key]: '5' })
    await uses(ground, { [key]: String(before) })
    await api.create(path(ground), { metadata: { name: 'counted' }, ...object })
    await uses(ground, { [key]: String(before + 1) })
    await api.delete(`${path(ground)}/counted`)
    await uses(ground, { [key]: String(before) })
  }

const inCore = (name: string) => (ground: Ground) => `${core(ground)}/${name}`

const pod = (name: string, requests: object | undefined, spec: object = {}) => ({
  metadata: { name },
  spec: {
    ...podSpec,
    ...spec,
    containers: [{ name: 'c', image: 'i', ...(requests === undefined ? {} : { resources: { requests } }) }],
  },
})

const podLife: Behave = async (ground) => {
  const { api } = ground
  const pods = inCore('pods')(ground)
  await eventually(() => api.get(`${core(ground)}/serviceaccounts/default`))
  await makeQuota(ground, { pods: '5', cpu: '1', memory: '500Mi' })
  await uses(ground, { pods: '0', cpu: '0' })
  await api.create(pods, pod('test-pod', { cpu: '500m', memory: '252Mi' }))
  await uses(ground, { pods: '1', cpu: '500m', memory: '252Mi' })
  await expect(api.create(pods, pod('too-much', { cpu: '600m', memory: '100Mi' }))).rejects.toMatchObject({
    reason: 'Forbidden',
  })
  await uses(ground, { pods: '1', cpu: '500m' })
  await api.delete(`${pods}/test-pod`, {}, { gracePeriodSeconds: 0 })
  await uses(ground, { pods: '0', cpu: '0', memory: '0' })
}

/** Two quotas of opposite scopes: each counts its own pods only. */
const scoped =
  (inside: string, outside: string, members: object, others: object): Behave =>
  async (ground) => {
    const { api } = ground
    const pods = inCore('pods')(ground)
    await eventually(() => api.get(`${core(ground)}/serviceaccounts/default`))
    await makeQuota(ground, { pods: '5' }, { scopes: [inside] }, 'inside')
    await makeQuota(ground, { pods: '5' }, { scopes: [outside] }, 'outside')
    for (const name of ['inside', 'outside']) await uses(ground, { pods: '0' }, name)
    for (const [object, name, other] of [
      [members, 'inside', 'outside'],
      [others, 'outside', 'inside'],
    ] as const) {
      await api.create(pods, object)
      await uses(ground, { pods: '1' }, name)
      await uses(ground, { pods: '0' }, other)
      const [created] = await api.list(pods)
      await api.delete(`${pods}/${created?.metadata?.name}`, {}, { gracePeriodSeconds: 0 })
      await uses(ground, { pods: '0' }, name)
    }
  }

const status: Behave = async (ground) => {
  const { api } = ground
  const path = `${quotas(ground)}/test-quota`
  await makeQuota(ground, { cpu: '1', memory: '500Mi' })
  await uses(ground, { cpu: '0', memory: '0' })
  const updated = await eventually(async () => {
    const live = await api.get(path)
    return api.update(`${path}/status`, { ...live, status: { ...live.status, hard: { cpu: '2' } } })
  })
  expect(updated.status).toMatchObject({ hard: { cpu: '2' } })
  const patched = await api.patch(`${path}/status`, { status: { hard: { cpu: '3' } } })
  expect(patched.status).toMatchObject({ hard: { cpu: '3' } })
  expect((await api.get(path)).spec).toEqual({ hard: { cpu: '1', memory: '500Mi' } })
}

const changes: Behave = async (ground) => {
  const { api } = ground
  const path = `${quotas(ground)}/test-quota`
  await makeQuota(ground, { cpu: '1', memory: '500Mi' })
  await eventually(async () => {
    const live = await api.get(path)
    await api.update(path, { ...live, spec: { hard: { cpu: '2', memory: '1Gi' } } })
  })
  await eventually(async () =>
    expect((await api.get(path)).status).toMatchObject({ hard: { cpu: '2', memory: '1Gi' } }),
  )
  await api.delete(path)
  await expect(api.get(path)).rejects.toMatchObject({ reason: 'NotFound' })
}

const quota = (text: string) => `[sig-api-machinery] ResourceQuota should ${text}`
const captures = (what: string) => quota(`create a ResourceQuota and capture the life of a ${what}.`)
const requests = { cpu: '100m' }

behaviours('resource quotas', {
  [captures('configMap')]: life('configmaps', inCore('configmaps'), {}),
  [captures('secret')]: life('secrets', inCore('secrets'), {}),
  [captures('service')]: life('services', inCore('services'), { spec: { ports: [{ port: 80 }] } }),
  [captures('replication controller')]: life('replicationcontrollers', inCore('replicationcontrollers'), {
    spec: { ...workload('counted', 0), selector: { app: 'counted' } },
  }),
  [captures('replica set')]: life(
    'replicasets',
    ({ namespace }) => `/apis/apps/v1/namespaces/${namespace}/replicasets`,
    { spec: workload('counted', 0) },
    'apps',
  ),
  [captures('pod')]: podLife,
  [quota('create a ResourceQuota and ensure its status is promptly calculated.')]: async (ground) => {
    await makeQuota(ground, { cpu: '1', resourcequotas: '1', pods: '5' })
    await uses(ground, { cpu: '0', resourcequotas: '1', pods: '0' })
  },
  [quota('verify ResourceQuota with terminating scopes.')]: scoped(
    'Terminating',
    'NotTerminating',
    pod('bound', requests, { activeDeadlineSeconds: 3600 }),
    pod('free', requests),
  ),
  [quota('verify ResourceQuota with best effort scope.')]: scoped(
    'BestEffort',
    'NotBestEffort',
    pod('best-effort', undefined),
    pod('burstable', requests),
  ),
  [quota('apply changes to a resourcequota status')]: status,
  [quota('be able to update and delete ResourceQuota.')]: changes,
})
