import { afterEach, beforeEach, expect, test } from 'vitest'
import { Lease } from '../api/coordination/lease/kind.ts'
import { ConfigMap } from '../api/core/config-map/kind.ts'
import type { coordination } from '../api/generated/types/index.ts'
import { silentLogger } from '../base/logger.ts'
import { PrometheusMetrics } from '../base/prometheus.ts'
import { sleep } from '../base/sleep.ts'
import { createClient } from '../client/create-client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { type Leadership, runLeaderElection } from './leader-election.ts'
import { SimulatedProcess } from './testing/simulated-process.ts'
import { TestCluster } from './testing/test-cluster.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
})
afterEach(() => cluster.stop())

interface Write {
  readonly by: string
  readonly path: string
  readonly atMs: number
}

/** A process that writes without rest while it leads. */
class Worker {
  readonly process = new SimulatedProcess(cluster.host)
  readonly metrics = new PrometheusMetrics()
  readonly abort = new AbortController()
  readonly ended: Promise<void>

  constructor(identity: string, log: Write[]) {
    const { host } = this.process
    const client = createClient({
      ...this.process.transport({
        request: (request) => {
          if (request.method !== 'GET')
            log.push({ by: identity, path: request.path, atMs: cluster.host.monotonicMs() })
          return cluster.api.request(request)
        },
        watch: (request) => cluster.api.watch(request),
        close: async () => {},
      }),
    })
    const events = new EventRecorder({ client, host, logger: silentLogger, component: 'worker' })
    const lead = async ({ signal, checkLease }: Leadership): Promise<void> => {
      for (let count = 0; !signal.aborted; count++) {
        checkLease()
        await client
          .resource(ConfigMap)
          .create({ metadata: { name: `${identity}-${count}`, namespace: 'x' } })
        await sleep(host, 37, signal)
      }
    }
    this.ended = runLeaderElection(
      {
        ...{ client, events, host, logger: silentLogger, metrics: this.metrics, lead, identity },
        ...{ namespace: 'kube-system', name: 'worker', releaseOnCancel: true },
      },
      this.abort.signal,
    )
    this.ended.catch(() => {})
  }

  get isLeader(): boolean {
    return this.metrics.expose().includes('leader_election_master_status{name="worker"} 1')
  }
}

test.each([7, 12, 17, 60])(
  'a leader that stands still for %d s writes nothing that it may not',
  async (seconds) => {
    const log: Write[] = []
    const [a, b] = [new Worker('a', log), new Worker('b', log)]
    await cluster.host.advance(5_000)
    expect([a.isLeader, b.isLeader]).toEqual([true, false])
    const frozenMs = cluster.host.monotonicMs()
    a.process.freeze()
    await cluster.host.advance(seconds * 1_000)
    const thawedMs = cluster.host.monotonicMs()
    a.process.thaw()
    await cluster.host.advance(30_000)
    const after = (by: string, ms: number): readonly Write[] =>
      log.filter((write) => write.by === by && write.atMs >= ms)
    const worked = (by: string): readonly Write[] =>
      log.filter((write) => write.by === by && write.path.includes('configmaps'))
    if (seconds < 10) {
      expect(after('a', thawedMs).length).toBeGreaterThan(100)
      expect(worked('b')).toEqual([])
      expect([a.isLeader, b.isLeader]).toEqual([true, false])
    } else {
      expect(after('a', frozenMs + 1)).toEqual([])
      await expect(a.ended).rejects.toThrow('the lease worker was not renewed in time')
      expect([a.isLeader, b.isLeader]).toEqual([false, true])
      // Fifteen seconds after the last renewal, which was up to two before.
      const [first] = worked('b')
      expect(first?.atMs).toBeGreaterThanOrEqual(frozenMs + 13_000)
    }
    b.abort.abort()
    a.abort.abort()
    await cluster.do(Promise.allSettled([a.ended, b.ended]))
  },
)

test('a leader that dies is followed when its lease has expired, one that ends at once', async () => {
  const log: Write[] = []
  const a = new Worker('a', log)
  await cluster.host.advance(1_000)
  const b = new Worker('b', log)
  await cluster.host.advance(1_000)
  a.process.kill()
  await cluster.host.advance(13_000)
  expect(b.isLeader).toBe(false)
  await cluster.host.advance(6_500)
  expect(b.isLeader).toBe(true)
  const c = new Worker('c', log)
  await cluster.host.advance(1_000)
  b.abort.abort()
  await cluster.host.advance(4_500)
  expect(c.isLeader).toBe(true)
  const lease = await cluster.get<coordination.v1.Lease>(Lease, 'kube-system/worker')
  expect(lease.spec).toMatchObject({ holderIdentity: 'c', leaseTransitions: 2 })
  expect(await cluster.events()).toEqual([
    'Normal LeaderElection a became leader',
    'Normal LeaderElection b became leader',
    'Normal LeaderElection b stopped leading',
    'Normal LeaderElection c became leader',
  ])
  c.abort.abort()
  await cluster.do(c.ended)
})
