import { expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import type { ApiRequest, Transport } from '../../apimachinery/transport.ts'
import { silentLogger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { evictMoves, type MoveOutcome } from './evict-moves.ts'
import { defaultRebalance } from './plan-moves.ts'
import { planRebalance } from './rebalancer.ts'

const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'web', controller: true }
const pod = (name: string, nodeName: string): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'd', ownerReferences: [owner] },
  spec: {
    ...{ nodeName, schedulerName: 'default-scheduler' },
    containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }],
  },
  status: { phase: 'Running' },
})

/** Evicts as its owner, or refuses; the replacement comes to n2. */
function evicting(api: FakeApi, refuses: (name: string) => Error | undefined): Transport {
  return {
    async request(request: ApiRequest) {
      const [, path = '', name = ''] = /^(.*\/pods\/([^/]+))\/eviction$/.exec(request.path) ?? []
      if (path === '') return api.request(request)
      const error = refuses(name)
      if (error !== undefined) throw error
      await api.request({ method: 'DELETE', path })
      return api.request({
        method: 'POST',
        path: path.slice(0, path.lastIndexOf('/')),
        body: pod(`${name}-again`, 'n2'),
      })
    },
    watch: (request) => api.watch(request),
    close: () => api.close(),
  }
}

test('planRebalance() reads the cluster, and evictMoves() does what it says as far as budgets let it', async () => {
  const host = testHost(1)
  const api = new FakeApi(host)
  const users = createClient(api)
  for (const name of ['n1', 'n2'])
    await users.resource(Node).create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { allocatable: { cpu: '8', memory: '8Gi', pods: '10' } },
    })
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    await users.resource(Pod).create(pod(name, 'n1'))
  const planning = planRebalance({
    ...{ client: users, host, logger: silentLogger, scheduling: {}, settings: defaultRebalance },
  })
  await host.advance(1_000)
  const { moves } = await planning
  expect(moves.map(({ to }) => to)).toEqual(['n2', 'n2', 'n2', 'n2'])
  const [refused, gone, stale] = moves.map((move) => move.pod.metadata?.name ?? '')
  const budget = "Cannot evict pod as it would violate the pod's disruption budget."
  const transport = evicting(api, (name) => {
    if (name === refused) return statusError('TooManyRequests', budget)
    return name === gone || name === stale ? statusError('NotFound', 'it has gone') : undefined
  })
  const outcomes: MoveOutcome[] = []
  const acting = (async () => {
    for await (const outcome of evictMoves(moves, { client: createClient(transport), host }))
      outcomes.push(outcome)
  })()
  await host.advance(5_000)
  await acting
  expect(outcomes.map(({ type }) => type)).toEqual(['refused', 'gone', 'gone', 'moved'])
  expect(outcomes[0]).toMatchObject({ message: budget })
  expect(outcomes[3]).toMatchObject({ node: 'n2' })
})

test.each([
  ['plans without a kind that the server does not serve', 'NotFound', undefined],
  ['says what it may not read', 'Forbidden', 'it is not for you'],
] as const)('planRebalance() %s', async (_what, reason, refusal) => {
  const host = testHost(1)
  const api = new FakeApi(host)
  api.interceptors.push(({ path }) => {
    if (path === '/apis/resource.k8s.io/v1/deviceclasses') throw statusError(reason, 'it is not for you')
    return undefined
  })
  const planning = planRebalance({
    ...{ client: createClient(api), host, logger: silentLogger, scheduling: {}, settings: defaultRebalance },
  }).then(
    ({ movable }) => movable,
    (error: unknown) => messageOf(error),
  )
  await host.advance(1_000)
  expect(await planning).toBe(refusal ?? 0)
  expect(api.requests.map(({ path }) => path)).toContain('/apis/resource.k8s.io/v1/deviceclasses')
})
