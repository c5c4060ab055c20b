import { expect } from 'vitest'
import { PodTemplate } from '../../src/api/core/pod-template/kind.ts'
import { Cluster, isStatus, StatusError } from '../../src/cluster/index.ts'
import type { Api } from './support/api.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { podSpec, workload } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const configMaps = ({ namespace }: Ground) => `/api/v1/namespaces/${namespace}/configmaps`
const deployments = ({ namespace }: Ground) => `/apis/apps/v1/namespaces/${namespace}/deployments`
const replicaSets = ({ namespace }: Ground) => `/apis/apps/v1/namespaces/${namespace}/replicasets`
const pods = ({ namespace }: Ground) => `/api/v1/namespaces/${namespace}/pods`

const configMap = (name: string, data: object = {}, labels: object = {}) => ({
  metadata: { name, labels },
  data,
})
const typesOf = (events: readonly { readonly type: string }[]): readonly string[] =>
  events.map(({ type }) => type)

const refused = async (call: Promise<unknown>, reason: string, message: string): Promise<void> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof StatusError)) throw error ?? new Error('it was not refused')
  expect(error.status.reason).toBe(reason)
  expect(error.status.message).toContain(message)
}

const discoveryV2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

const aggregated: Behave = async ({ raw }) => {
  for (const path of ['/api', '/apis']) {
    const answer = await raw(path, discoveryV2)
    expect(answer.contentType).toBe(discoveryV2)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'APIGroupDiscoveryList' })
  }
  const plain = await raw('/apis', 'application/json')
  expect(JSON.parse(plain.text)).toMatchObject({ kind: 'APIGroupList' })
}

const rolledOut = (ground: Ground, count: number) =>
  eventually(async () => expect(await ground.api.list(pods(ground))).toHaveLength(count))

/** A Deployment of two whose ReplicaSet is to go or to stay with it. */
const deletes =
  (propagationPolicy: string, left: number): Behave =>
  async (ground) => {
    const { api } = ground
    await api.create(deployments(ground), { metadata: { name: 'd' }, spec: workload('d', 2) })
    await rolledOut(ground, 2)
    await api.delete(`${deployments(ground)}/d`, {}, { propagationPolicy })
    await eventuallyGone(() => api.get(`${deployments(ground)}/d`))
    await eventually(async () => {
      const sets = await api.list(replicaSets(ground))
      expect(sets).toHaveLength(left)
      for (const set of sets) expect(set.metadata?.ownerReferences ?? []).toEqual([])
    })
  }

const namespaceOf = (name: string) => `/api/v1/namespaces/${name}`

const templateCount = 400
const templateNames = Array.from(
  { length: templateCount },
  (_, index) => `template-${String(index).padStart(4, '0')}`,
)

const templates = ({ namespace }: { readonly namespace: string }) =>
  `/api/v1/namespaces/${namespace}/podtemplates`

const makeTemplates = (api: Api, path: string): Promise<unknown> =>
  Promise.all(
    templateNames.map((name) => api.create(path, { metadata: { name }, template: { spec: podSpec } })),
  )

interface Page {
  readonly names: readonly string[]
  readonly token: string
  readonly remaining: number | undefined
  readonly revision: string | undefined
}

const page = async (api: Api, path: string, limit: number, token = ''): Promise<Page> => {
  const query = { limit: String(limit), ...(token === '' ? {} : { continue: token }) }
  const { items = [], metadata } = await api.get(path, query)
  const { continue: next = '', remainingItemCount } = JSON.parse(JSON.stringify(metadata))
  expect(items.length).toBeLessThanOrEqual(limit)
  return {
    names: items.map((item) => item.metadata?.name ?? ''),
    token: next,
    remaining: remainingItemCount,
    revision: metadata?.resourceVersion,
  }
}

/** The names of all pages after one, each of the same revision and with what is left counted. */
const rest = async (api: Api, path: string, limit: number, after: Page): Promise<readonly string[]> => {
  const names: string[] = []
  let last = after
  while (last.token !== '') {
    const next = await page(api, path, limit, last.token)
    expect(next.revision).toBe(after.revision)
    const left = (last.remaining ?? 0) - next.names.length
    expect(next.remaining).toBe(next.token === '' ? undefined : left)
    if (next.token === '') expect(left).toBe(0)
    names.push(...next.names)
    last = next
  }
  return names
}

/** A cluster whose store is compacted as soon as ten minutes have passed on its own clock. */
const compactedAway: Behave = async () => {
  const cluster = await Cluster.start({ nodes: 0, runtime: 'simulated', clock: 'virtual', seed: 1 })
  try {
    const client = cluster.client.resource(PodTemplate)
    const template = { spec: { containers: [{ name: 'c', image: 'i' }] } }
    for (const name of templateNames)
      await client.create({ metadata: { name, namespace: 'default' }, template })
    const first = await client.list({ namespace: 'default', limit: 40 })
    const token = first.metadata?.continue ?? ''
    expect(first.metadata?.remainingItemCount).toBe(templateCount - 40)
    await client.create({ metadata: { name: 'zz-later', namespace: 'default' }, template })
    await cluster.advance(15 * 60_000)
    const error: unknown = await client
      .list({ namespace: 'default', limit: 40, continue: token })
      .catch((thrown: unknown) => thrown)
    if (!isStatus(error, 'Expired')) throw error
    expect(error.status.code).toBe(410)
    let next = JSON.parse(JSON.stringify(error.status.metadata)).continue
    expect(next).not.toBe('')
    const names: (string | undefined)[] = []
    const revisions = new Set<string | undefined>()
    while (next !== '' && next !== undefined) {
      const list = await client.list({ namespace: 'default', limit: 40, continue: next })
      expect(list.metadata?.resourceVersion).not.toBe(first.metadata?.resourceVersion)
      revisions.add(list.metadata?.resourceVersion)
      names.push(...list.items.map(({ metadata }) => metadata?.name))
      next = list.metadata?.continue
      const left = templateCount + 1 - 40 - names.length
      expect(list.metadata?.remainingItemCount).toBe(next ? left : undefined)
    }
    expect(names).toEqual([...templateNames.slice(40), 'zz-later'])
    expect(revisions.size).toBe(1)
  } finally {
    await cluster.stop()
  }
}

behaviours('API machinery', {
  '[sig-api-machinery] server version should find the server version': async ({ api }) => {
    expect(await api.get('/version')).toMatchObject({ major: '1', minor: '36' })
  },
  '[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface': aggregated,
  '[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers':
    aggregated,
  '[sig-api-machinery] Discovery should validate PreferredVersion for each APIGroup': async ({ raw }) => {
    const { groups } = JSON.parse((await raw('/apis', 'application/json')).text)
    for (const { name, preferredVersion, versions } of groups) {
      const one = JSON.parse((await raw(`/apis/${name}`, 'application/json')).text)
      expect(one.preferredVersion).toEqual(preferredVersion)
      expect(versions).toContainEqual(preferredVersion)
    }
  },
  '[sig-api-machinery] Discovery should locate the groupVersion and a resource within each APIGroup': async ({
    raw,
  }) => {
    const { groups } = JSON.parse((await raw('/apis', 'application/json')).text)
    const named = groups.flatMap(({ versions }: { versions: { groupVersion: string }[] }) =>
      versions.map(({ groupVersion }) => groupVersion),
    )
    expect(named).toEqual(
      expect.arrayContaining(['apps/v1', 'autoscaling/v1', 'autoscaling/v2', 'events.k8s.io/v1']),
    )
    for (const version of named) {
      const list = JSON.parse((await raw(`/apis/${version}`, 'application/json')).text)
      expect(list.groupVersion).toBe(version)
      expect(list.resources.length).toBeGreaterThan(0)
    }
  },
  '[sig-api-machinery] Servers with support for Table transformation should return a 406 for a backend which does not implement metadata':
    async ({ raw }) => {
      const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
      expect(JSON.parse((await raw('/api/v1/nodes', table)).text)).toMatchObject({
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
      })
      const review = { spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } } }
      const answer = await raw('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', table, review)
      expect(answer.status).toBe(406)
    },
  '[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls':
    async (ground) => {
      await makeTemplates(ground.api, templates(ground))
      for (let round = 0; round < 3; round++) {
        const first = await page(ground.api, templates(ground), 17)
        const names = [...first.names, ...(await rest(ground.api, templates(ground), 17, first))]
        expect(names).toEqual(templateNames)
      }
      const all = await page(ground.api, templates(ground), templateCount + 1)
      expect(all).toMatchObject({ names: templateNames, token: '', remaining: undefined })
    },
  '[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Slow]':
    compactedAway,
  '[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps':
    async (ground) => {
      const { api } = ground
      const path = configMaps(ground)
      const watched = api.watch(
        path,
        { labelSelector: 'watch=a', resourceVersion: (await api.get(path)).metadata?.resourceVersion ?? '' },
        (events) => events.length === 4,
      )
      await api.create(path, configMap('a', {}, { watch: 'a' }))
      await api.create(path, configMap('b', {}, { watch: 'b' }))
      await api.patch(`${path}/a`, { data: { mutation: '1' } })
      await api.patch(`${path}/a`, { data: { mutation: '2' } })
      await api.delete(`${path}/a`)
      expect(typesOf(await watched)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED'])
    },
  '[sig-api-machinery] Watchers should observe an object deletion if it stops meeting the requirements of the selector':
    async (ground) => {
      const { api } = ground
      const path = configMaps(ground)
      const watched = api.watch(
        path,
        { labelSelector: 'watch=in', resourceVersion: (await api.get(path)).metadata?.resourceVersion ?? '' },
        (events) => events.length === 4,
      )
      await api.create(path, configMap('a', {}, { watch: 'in' }))
      await api.patch(`${path}/a`, { metadata: { labels: { watch: 'out' } } })
      await api.patch(`${path}/a`, { data: { unseen: 'yes' } })
      await api.patch(`${path}/a`, { metadata: { labels: { watch: 'in' } } })
      await api.delete(`${path}/a`)
      expect(typesOf(await watched)).toEqual(['ADDED', 'DELETED', 'ADDED', 'DELETED'])
    },
  '[sig-api-machinery] Watchers should be able to start watching from a specific resource version': async (
    ground,
  ) => {
    const { api } = ground
    const path = configMaps(ground)
    await api.create(path, configMap('a'))
    const { metadata } = await api.patch(`${path}/a`, { data: { mutation: '1' } })
    await api.patch(`${path}/a`, { data: { mutation: '2' } })
    await api.delete(`${path}/a`)
    const query = { resourceVersion: metadata?.resourceVersion ?? '', fieldSelector: 'metadata.name=a' }
    expect(typesOf(await api.watch(path, query, (events) => events.length === 2))).toEqual([
      'MODIFIED',
      'DELETED',
    ])
  },
  '[sig-api-machinery] Watchers should be able to restart watching from the last resource version observed by the previous watch':
    async (ground) => {
      const { api } = ground
      const path = configMaps(ground)
      const fieldSelector = 'metadata.name=a'
      const start = (await api.get(path)).metadata?.resourceVersion ?? ''
      await api.create(path, configMap('a'))
      await api.patch(`${path}/a`, { data: { mutation: '1' } })
      const seen = await api.watch(
        path,
        { fieldSelector, resourceVersion: start },
        (events) => events.length === 2,
      )
      await api.patch(`${path}/a`, { data: { mutation: '2' } })
      await api.delete(`${path}/a`)
      const last = seen.at(-1)?.object.metadata?.resourceVersion ?? ''
      expect(
        typesOf(
          await api.watch(path, { fieldSelector, resourceVersion: last }, (events) => events.length === 2),
        ),
      ).toEqual(['MODIFIED', 'DELETED'])
    },
  '[sig-api-machinery] Watchers should receive events on concurrent watches in same order': async (
    ground,
  ) => {
    const { api } = ground
    const path = configMaps(ground)
    const start = (await api.get(path)).metadata?.resourceVersion ?? ''
    const watches = Array.from({ length: 5 }, () =>
      api.watch(path, { resourceVersion: start }, (events) => events.length >= 30),
    )
    for (let index = 0; index < 10; index++) {
      await api.create(path, configMap(`c-${index}`))
      await api.patch(`${path}/c-${index}`, { data: { index: String(index) } })
      await api.delete(`${path}/c-${index}`)
    }
    const orders = (await Promise.all(watches)).map((events) =>
      events.slice(0, 30).map(({ object }) => object.metadata?.resourceVersion),
    )
    for (const order of orders) expect(order).toEqual(orders[0])
  },
  '[sig-api-machinery] FieldValidation should detect unknown and duplicate fields of a typed object': async (
    ground,
  ) => {
    const body = { metadata: { name: 'd' }, spec: { ...workload('d', 0), unknownField: 1 } }
    await refused(
      ground.api.create(deployments(ground), body, { fieldValidation: 'Strict' }),
      'BadRequest',
      'strict decoding error: unknown field "spec.unknownField"',
    )
    await ground.api.create(deployments(ground), body, { fieldValidation: 'Ignore' })
  },
  '[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object': async (
    ground,
  ) => {
    const body = { metadata: { name: 'd', unknownMeta: 'x' }, spec: workload('d', 0) }
    await refused(
      ground.api.create(deployments(ground), body, { fieldValidation: 'Strict' }),
      'BadRequest',
      'unknown field "metadata.unknownMeta"',
    )
  },
  '[sig-api-machinery] Garbage collector should delete RS created by deployment when not orphaning': deletes(
    'Background',
    0,
  ),
  '[sig-api-machinery] Garbage collector should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan':
    deletes('Orphan', 1),
  '[sig-api-machinery] Garbage collector should not be blocked by dependency circle': async (ground) => {
    const { api } = ground
    const make = (name: string) => api.create(pods(ground), { metadata: { name }, spec: podSpec })
    const own = (name: string, owner: string, uid: string | undefined) => {
      const reference = {
        apiVersion: 'v1',
        kind: 'Pod',
        name: owner,
        uid,
        controller: true,
        blockOwnerDeletion: true,
      }
      return api.patch(`${pods(ground)}/${name}`, { metadata: { ownerReferences: [reference] } })
    }
    const [one, two] = await Promise.all([make('one'), make('two')])
    await own('two', 'one', one.metadata?.uid)
    await own('one', 'two', two.metadata?.uid)
    await api.delete(`${pods(ground)}/one`, {}, { propagationPolicy: 'Foreground' })
    await eventually(async () => expect(await api.list(pods(ground))).toEqual([]))
  },
  '[sig-api-machinery] Namespaces [Serial] should patch a Namespace': async ({ api, namespace }) => {
    const patched = await api.patch(namespaceOf(namespace), { metadata: { labels: { testLabel: 'x' } } })
    expect(patched.metadata?.labels).toMatchObject({
      testLabel: 'x',
      'kubernetes.io/metadata.name': namespace,
    })
  },
  '[sig-api-machinery] Namespaces [Serial] should apply an update to a Namespace': async ({
    api,
    namespace,
  }) => {
    const live = await api.get(namespaceOf(namespace))
    const updated = await api.update(namespaceOf(namespace), {
      ...live,
      metadata: { ...live.metadata, labels: { ...live.metadata?.labels, updated: namespace } },
    })
    expect(updated.metadata?.labels).toMatchObject({ updated: namespace })
  },
  '[sig-api-machinery] Namespaces [Serial] should apply changes to a namespace status': async ({
    api,
    namespace,
  }) => {
    const condition = {
      type: 'StatusPatch',
      status: 'True',
      reason: 'E2E',
      message: 'm',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }
    await api.patch(`${namespaceOf(namespace)}/status`, { status: { conditions: [condition] } })
    expect((await api.get(`${namespaceOf(namespace)}/status`)).status).toMatchObject({
      phase: 'Active',
      conditions: [condition],
    })
  },
  '[sig-api-machinery] Namespaces [Serial] should apply a finalizer to a Namespace': async ({ api }) => {
    const made = await api.create('/api/v1/namespaces', { metadata: { generateName: 'fin-' } })
    const path = namespaceOf(made.metadata?.name ?? '')
    const live = await api.get(path)
    const finalizers = ['kubernetes', 'e2e.example.com/fakeFinalizer']
    expect((await api.update(`${path}/finalize`, { ...live, spec: { finalizers } })).spec).toEqual({
      finalizers,
    })
    await api.update(`${path}/finalize`, { ...(await api.get(path)), spec: { finalizers: ['kubernetes'] } })
    await api.delete(path)
    await eventuallyGone(() => api.get(path))
  },
  '[sig-api-machinery] Namespaces [Serial] should ensure that all pods are removed when a namespace is deleted':
    async (ground) => {
      const { api, namespace } = ground
      await api.create(pods(ground), { metadata: { name: 'p' }, spec: podSpec })
      await api.delete(namespaceOf(namespace))
      await eventuallyGone(() => api.get(namespaceOf(namespace)))
      await api.create('/api/v1/namespaces', { metadata: { name: namespace } })
      expect(await api.list(pods(ground))).toEqual([])
    },
  '[sig-api-machinery] Namespaces [Serial] should ensure that all services are removed when a namespace is deleted':
    async ({ api, namespace }) => {
      const services = `${namespaceOf(namespace)}/services`
      await api.create(services, { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } })
      await api.delete(namespaceOf(namespace))
      await eventuallyGone(() => api.get(namespaceOf(namespace)))
      await api.create('/api/v1/namespaces', { metadata: { name: namespace } })
      expect(await api.list(services)).toEqual([])
    },
  '[sig-api-machinery] OrderedNamespaceDeletion namespace deletion should delete pod first': async (
    ground,
  ) => {
    const { api, namespace } = ground
    await api.create(pods(ground), {
      metadata: { name: 'p', finalizers: ['e2e.test/finalizer'] },
      spec: podSpec,
    })
    await api.create(configMaps(ground), configMap('c'))
    await api.delete(namespaceOf(namespace))
    await eventually(async () =>
      expect((await api.get(namespaceOf(namespace))).status?.conditions).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'NamespaceDeletionContentFailure', status: 'False' }),
        ]),
      ),
    )
    await eventually(async () =>
      expect((await api.get(`${pods(ground)}/p`)).metadata?.deletionTimestamp).toBeDefined(),
    )
    expect((await api.get(`${configMaps(ground)}/c`)).metadata?.deletionTimestamp).toBeUndefined()
    await api.patch(`${pods(ground)}/p`, { metadata: { finalizers: null } })
    await eventuallyGone(() => api.get(namespaceOf(namespace)))
  },
})
