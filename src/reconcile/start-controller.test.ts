import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReplicaSet } from '../api/apps/replica-set/kind.ts'
import { ConfigMap } from '../api/core/config-map/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import { statusError } from '../apimachinery/status-error.ts'
import { sleep } from '../base/sleep.ts'
import { defineController, done, type Key, requeueAfter, watching } from './controller.ts'
import { controllerReference } from './owner-references.ts'
import { TestCluster } from './testing/test-cluster.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
})

afterEach(() => cluster.stop())

const configMap = (name: string, extra: object = {}) => ({
  metadata: { name, namespace: 'default' },
  ...extra,
})

test('startController() reconciles what is there and what changes', async () => {
  await cluster.create(ConfigMap, configMap('a'))
  const keys: Key[] = []
  const controller = cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      reconcile: async (key) => {
        keys.push(key)
        return done
      },
    }),
  )
  await cluster.do(controller.ready)
  await cluster.create(ConfigMap, configMap('b'))
  await cluster.do(cluster.client.resource(ConfigMap).delete('default', 'a'))
  expect(keys).toEqual(['default/a', 'default/b', 'default/a'])
})

test('startController() reconciles the owner of what changes', async () => {
  const set = { metadata: { name: 'web', namespace: 'default', uid: 'u1' } }
  const keys: Key[] = []
  cluster.start(
    defineController({
      name: 'test',
      reconciles: ReplicaSet,
      owns: [Pod],
      reconcile: async (key) => {
        keys.push(key)
        return done
      },
    }),
  )
  const ownerReferences = [controllerReference(ReplicaSet, set)]
  await cluster.create(Pod, { metadata: { name: 'p', namespace: 'default', ownerReferences } })
  await cluster.create(Pod, { metadata: { name: 'orphan', namespace: 'default' } })
  expect(keys).toEqual(['default/web'])
})

test('startController() maps watched objects to keys', async () => {
  const keys: Key[] = []
  cluster.start(
    defineController({
      name: 'test',
      reconciles: ReplicaSet,
      watches: [
        watching({
          kind: ConfigMap,
          keys: (object) => [`default/${object.data?.for}`],
          when: (object) => object?.data?.for !== undefined,
        }),
      ],
      reconcile: async (key) => {
        keys.push(key)
        return done
      },
    }),
  )
  await cluster.create(ConfigMap, configMap('a', { data: { for: 'web' } }))
  await cluster.create(ConfigMap, configMap('b'))
  expect(keys).toEqual(['default/web'])
  await cluster.change(ConfigMap, 'default/a', { data: { for: 'api' } })
  expect(keys.slice(1).sort()).toEqual(['default/api', 'default/web'])
})

test('startController() waits until the caches show what the last reconcile wrote', async () => {
  const seen: number[] = []
  cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      owns: [Pod],
      reconcile: async (key, { api, cache }) => {
        const pods = cache.of(Pod).list()
        seen.push(pods.length)
        const owner = cache.of(ConfigMap).get('default', 'a')
        if (owner === undefined || pods.length >= 3) return done
        const ownerReferences = [controllerReference(ConfigMap, owner)]
        await api.resource(Pod).create({
          metadata: { name: `${key.slice(8)}-${pods.length}`, namespace: 'default', ownerReferences },
        })
        return requeueAfter(1)
      },
    }),
  )
  await cluster.create(ConfigMap, configMap('a'))
  expect([...new Set(seen)]).toEqual([0, 1, 2, 3])
  expect(seen.filter((count) => count < 3)).toHaveLength(3)
  expect(await cluster.list(Pod)).toHaveLength(3)
})

test('startController() waits for what it has written without hearing of it', async () => {
  const watch = cluster.api.watch.bind(cluster.api)
  cluster.api.watch = async function* (request) {
    for await (const batch of watch(request)) {
      if (request.path.endsWith('/pods') && batch[0]?.type === 'MODIFIED') await sleep(cluster.host, 60_000)
      yield batch
    }
  }
  const request = cluster.api.request.bind(cluster.api)
  let toFail = ['PUT', 'GET']
  cluster.api.request = async (asked) => {
    const answer = await request(asked)
    if (!/pods\/p/.test(asked.path) || toFail[0] !== asked.method) return answer
    toFail = toFail.slice(1)
    throw statusError('Timeout', 'the answer is lost')
  }
  const seen: (string | undefined)[] = []
  cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      reads: [Pod],
      reconcile: async (_key, { api, cache }) => {
        const pod = cache.of(Pod).get('default', 'p')
        seen.push(pod?.metadata?.labels?.['step'])
        if (pod === undefined || pod.metadata?.labels !== undefined) return done
        await api.resource(Pod).update({ ...pod, metadata: { ...pod.metadata, labels: { step: '1' } } })
        return done
      },
    }),
  )
  await cluster.create(Pod, { metadata: { name: 'p', namespace: 'default' } })
  await cluster.create(ConfigMap, configMap('a'))
  await cluster.host.advance(30_000)
  expect(toFail).toEqual([])
  expect(seen).toEqual([undefined])
  await cluster.host.advance(60_000)
  expect(seen).toEqual([undefined, '1'])
})

test('startController() makes nothing twice while a cache is a minute behind, and holds up no other key', async () => {
  const watch = cluster.api.watch.bind(cluster.api)
  cluster.api.watch = async function* (request) {
    for await (const batch of watch(request)) {
      if (request.path.endsWith('/pods') && batch[0]?.type !== 'BOOKMARK') await sleep(cluster.host, 60_000)
      yield batch
    }
  }
  const reconciled: string[] = []
  cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      reads: [Pod],
      workers: 1,
      reconcile: async (key, { api, cache }) => {
        reconciled.push(key)
        if (key !== 'default/a' || cache.of(Pod).list().length > 0) return done
        await api.resource(Pod).create({ metadata: { generateName: 'a-', namespace: 'default' } })
        return requeueAfter(1)
      },
    }),
  )
  await cluster.host.advance(1_000)
  await cluster.create(ConfigMap, configMap('a'))
  await cluster.create(ConfigMap, configMap('b'))
  await cluster.host.advance(40_000)
  expect(reconciled).toEqual(['default/a', 'default/b'])
  await cluster.host.advance(40_000)
  expect(reconciled).toEqual(['default/a', 'default/b', 'default/a'])
  expect(await cluster.list(Pod)).toHaveLength(1)
})

test('startController() retries after an error, later each time', async () => {
  const attempts: number[] = []
  cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      reconcile: async () => {
        attempts.push(cluster.host.monotonicMs())
        if (attempts.length < 4) throw statusError('InternalError', 'boom')
        return done
      },
    }),
  )
  await cluster.create(ConfigMap, configMap('a'), 1_000)
  const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0))
  expect(pauses).toEqual([5, 10, 20])
})

test('startController() lets a key rest for its spacing, and a key at rest go at once', async () => {
  const at: number[] = []
  cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      spacingMs: 20,
      reconcile: async () => {
        at.push(cluster.host.monotonicMs())
        return done
      },
    }),
  )
  await cluster.create(ConfigMap, configMap('a'), 5)
  const start = at[0] ?? 0
  for (let change = 0; change < 5; change++) {
    void cluster.api.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/default/configmaps/a',
      body: { data: { change: String(change) } },
      contentType: 'application/merge-patch+json',
    })
    await cluster.host.advance(1)
  }
  await cluster.host.advance(500)
  expect(at).toEqual([start, start + 20])
  const before = cluster.host.monotonicMs()
  await cluster.change(ConfigMap, 'default/a', { data: { change: 'late' } })
  expect(at.at(-1)).toBe(before)
})

test('startController() runs as many keys at a time as it has workers, and one key once', async () => {
  let running = 0
  let most = 0
  const controller = cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      workers: 2,
      reconcile: async () => {
        most = Math.max(most, ++running)
        await new Promise<void>((resolve) => cluster.host.schedule(10, resolve))
        running--
        return done
      },
    }),
  )
  for (let index = 0; index < 6; index++) await cluster.create(ConfigMap, configMap(`c${index}`), 1)
  await cluster.do(controller.ready)
  expect(most).toBe(2)
})

test('stop() waits for the reconcile under way and forbids further writes', async () => {
  let error: unknown
  const controller = cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      reconcile: async (_, { api, signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        error = await api
          .resource(ConfigMap)
          .create(configMap('late'))
          .catch((reason: unknown) => reason)
        return done
      },
    }),
  )
  await cluster.create(ConfigMap, configMap('a'))
  await cluster.do(controller.stop())
  expect(error).toBeInstanceOf(Error)
  expect(await cluster.list(ConfigMap)).toHaveLength(1)
})

test('cache.of() refuses a kind that was not declared', async () => {
  let error: unknown
  cluster.start(
    defineController({
      name: 'test',
      reconciles: ConfigMap,
      reconcile: async (_, { cache }) => {
        try {
          cache.of(Pod)
        } catch (reason) {
          error = reason
        }
        return done
      },
    }),
  )
  await cluster.create(ConfigMap, configMap('a'))
  expect(String(error)).toContain('controller test reads pods without declaring it')
})
