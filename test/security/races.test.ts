import { afterAll, beforeAll, expect, test } from 'vitest'
import { Ground } from './support/ground.ts'
import type { Attempt } from './support/send.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
/** `admin` of every namespace here. */
const tenant = 'tenant'

let ground: Ground
const home = (namespace: string): string => `/api/v1/namespaces/${namespace}`
const pod = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  // Nobody takes it to a node.
  spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'c', ...more }] },
})
const cpu = (amount: string): object => ({
  resources: { requests: { cpu: amount }, limits: { cpu: amount } },
})

beforeAll(async () => {
  ground = await Ground.start()
  const { api } = ground
  await api.create(`${rbac}/clusterrolebindings`, {
    metadata: { name: tenant },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'User', apiGroup, name: tenant }],
  })
})
afterAll(() => ground?.stop())

/** A namespace with quotas that are being counted. */
async function tenancy(name: string, ...quotas: readonly object[]): Promise<void> {
  const { api } = ground
  await api.create('/api/v1/namespaces', { metadata: { name } })
  for (const [index, hard] of quotas.entries()) {
    const path = `${home(name)}/resourcequotas`
    await api.create(path, { metadata: { name: `q${index}` }, spec: { hard } })
    await expect.poll(async () => (await api.get(`${path}/q${index}`)).status?.['hard']).toEqual(hard)
  }
}

/** How many of all that come at once got which answer. */
async function at(once: readonly Attempt[]): Promise<Readonly<Record<number, number>>> {
  const certificate = ground.certificate(tenant)
  const answers = await Promise.all(once.map((attempt) => ground.send({ certificate, ...attempt })))
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
const times = (count: number, make: (index: number) => Attempt): readonly Attempt[] =>
  Array.from({ length: count }, (_, index) => make(index))
const usedOf = async (namespace: string, quota = 'q0') =>
  (await ground.api.get(`${home(namespace)}/resourcequotas/${quota}`)).status?.['used']

test('no more pods come through at once than the quota has', async () => {
  await tenancy('pods', { pods: '5' })
  expect(await at(times(40, (index) => ({ path: `${home('pods')}/pods`, body: pod(`p${index}`) })))).toEqual({
    201: 5,
    403: 35,
  })
  expect(await ground.api.list(`${home('pods')}/pods`)).toHaveLength(5)
  expect(await usedOf('pods')).toEqual({ pods: '5' })
})

test('nor more of what pods ask for', async () => {
  await tenancy('cpu', { 'requests.cpu': '1', 'limits.cpu': '1' })
  const counts = await at(
    times(40, (index) => ({ path: `${home('cpu')}/pods`, body: pod(`p${index}`, cpu('300m')) })),
  )
  expect(counts).toEqual({ 201: 3, 403: 37 })
})

test('nor more objects of a kind, in two quotas of which the smaller counts', async () => {
  await tenancy('maps', { 'count/configmaps': '9' }, { 'count/configmaps': '4', 'count/secrets': '1' })
  const body = (name: string): object => ({ metadata: { name } })
  const counts = await at(
    times(30, (index) => ({ path: `${home('maps')}/configmaps`, body: body(`m${index}`) })),
  )
  // One of the four is the certificate of the cluster's authority, which every namespace has.
  expect(counts).toEqual({ 201: 3, 403: 27 })
  expect(await usedOf('maps', 'q1')).toEqual({ 'count/configmaps': '4', 'count/secrets': '0' })
})

test('nor more by ways that differ', async () => {
  await tenancy('ways', { 'count/configmaps': '5' })
  const path = `${home('ways')}/configmaps`
  const apply = (index: number): Attempt => ({
    path: `${path}/a${index}?fieldManager=x`,
    method: 'PATCH',
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `a${index}` } },
  })
  const generated: Attempt = { path, body: { metadata: { generateName: 'g-' } } }
  const counts = await at([...times(15, apply), ...times(15, () => generated)])
  expect(counts).toEqual({ 201: 4, 403: 26 })
})

test('who asks without trying uses nothing', async () => {
  await tenancy('dry', { pods: '2' })
  const path = `${home('dry')}/pods?dryRun=All`
  expect(await at(times(20, (index) => ({ path, body: pod(`p${index}`) })))).toEqual({ 201: 20 })
  expect(await usedOf('dry')).toEqual({ pods: '0' })
})

test('a quota is not grown by who is bound by it', async () => {
  await tenancy('bound', { pods: '1' })
  const path = `${home('bound')}/resourcequotas/q0`
  const contentType = 'application/merge-patch+json'
  const body = { spec: { hard: { pods: '100' } }, status: { used: { pods: '-9' } } }
  expect(
    await at([
      { path, method: 'PATCH', contentType, body },
      { path: `${path}/status`, method: 'PATCH', contentType, body },
      { path, method: 'DELETE' },
    ]),
  ).toEqual({ 403: 3 })
})

test('one name, one address and one version are given once', async () => {
  await tenancy('once')
  const maps = `${home('once')}/configmaps`
  expect(await at(times(20, () => ({ path: maps, body: { metadata: { name: 'x' } } })))).toEqual({
    201: 1,
    409: 19,
  })
  const seen = await ground.api.get(`${maps}/x`)
  const { resourceVersion } = seen.metadata ?? {}
  const update = (index: number): Attempt => ({
    path: `${maps}/x`,
    method: 'PUT',
    body: { metadata: { name: 'x', resourceVersion }, data: { by: `${index}` } },
  })
  expect(await at(times(20, update))).toEqual({ 200: 1, 409: 19 })
  const service = (index: number): Attempt => ({
    path: `${home('once')}/services`,
    body: {
      metadata: { name: `s${index}` },
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30_123 }] },
    },
  })
  expect(await at(times(20, service))).toEqual({ 201: 1, 422: 19 })
})

test('a pod is bound to one node', async () => {
  await tenancy('binding')
  const path = `${home('binding')}/pods`
  await ground.api.create(path, pod('p'))
  const certificate = ground.certificate('system:kube-scheduler')
  const bind = (index: number): Attempt => ({
    path: `${path}/p/binding`,
    certificate,
    body: { metadata: { name: 'p' }, target: { kind: 'Node', name: `node-${index}` } },
  })
  expect(await at(times(20, bind))).toEqual({ 201: 1, 409: 19 })
})
