import { afterEach, beforeEach, expect, test } from 'vitest'
import { Lease } from '../api/coordination/lease/kind.ts'
import type { coordination } from '../api/generated/types/index.ts'
import { statusError } from '../apimachinery/status-error.ts'
import { silentLogger } from '../base/logger.ts'
import { type Leadership, runLeaderElection } from './leader-election.ts'
import { TestCluster } from './testing/test-cluster.ts'

let cluster: TestCluster
let log: string[]

beforeEach(() => {
  cluster = new TestCluster()
  log = []
})

afterEach(() => cluster.stop())

interface Candidate {
  readonly abort: AbortController
  readonly ended: Promise<void>
  leadership: Leadership | undefined
}

function candidate(identity: string): Candidate {
  const abort = new AbortController()
  const result: Candidate = {
    abort,
    leadership: undefined,
    ended: runLeaderElection(
      {
        client: cluster.client,
        events: { event: () => {} },
        host: cluster.host,
        logger: silentLogger,
        metrics: cluster.metrics,
        releaseOnCancel: true,
        namespace: 'kube-system',
        name: 'test',
        identity,
        lead: async (leadership) => {
          result.leadership = leadership
          log.push(`${identity} leads`)
          await new Promise<void>((resolve) => leadership.signal.addEventListener('abort', () => resolve()))
          log.push(`${identity} stops at ${cluster.host.monotonicMs()}`)
        },
      },
      abort.signal,
    ),
  }
  return result
}

test('runLeaderElection() has one leader, who renews', async () => {
  const a = candidate('a')
  await cluster.host.advance(1_000)
  const b = candidate('b')
  await cluster.host.advance(60_000)
  expect(log).toEqual(['a leads'])
  a.leadership?.checkLease()
  const lease = await cluster.get<coordination.v1.Lease>(Lease, 'kube-system/test')
  expect(lease.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 })
  expect(lease.spec?.acquireTime).toBe('2026-01-01T00:00:00.000000Z')
  for (const { abort } of [a, b]) abort.abort()
  await cluster.do(Promise.all([a.ended, b.ended]))
})

test('runLeaderElection() hands a lease over that is given back', async () => {
  const a = candidate('a')
  await cluster.host.advance(1_000)
  const b = candidate('b')
  await cluster.host.advance(1_000)
  a.abort.abort()
  await cluster.host.advance(5_000)
  await a.ended
  expect(log).toEqual(['a leads', 'a stops at 2000', 'b leads'])
  const lease = await cluster.get<coordination.v1.Lease>(Lease, 'kube-system/test')
  expect(lease.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  b.abort.abort()
  await cluster.do(b.ended)
})

test('runLeaderElection() steps down before another one may lead', async () => {
  const a = candidate('a')
  await cluster.host.advance(3_000)
  let isCut = true
  cluster.api.interceptors.push((request) => {
    const body = request.body as coordination.v1.Lease | undefined
    if (isCut && body?.spec?.holderIdentity === 'a') throw statusError('ServiceUnavailable', 'cut off')
    return undefined
  })
  const b = candidate('b')
  await cluster.host.advance(8_000)
  a.leadership?.checkLease()
  await cluster.host.advance(1_000)
  expect(() => a.leadership?.checkLease()).toThrow('the lease test was not renewed in time')
  expect(log).toEqual(['a leads', 'a stops at 12000'])
  await cluster.host.advance(15_000)
  expect(log.at(-1)).toBe('b leads')
  isCut = false
  b.abort.abort()
  await cluster.do(Promise.all([a.ended, b.ended]))
})
