import { afterEach, beforeEach, expect, test } from 'vitest'
import { Lease } from '../../api/coordination/lease/kind.ts'
import { LeaseCandidate } from '../../api/coordination/lease-candidate/kind.ts'
import type { coordination } from '../../api/generated/types/index.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { createClient } from '../../client/create-client.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { runLeaderElection } from '../../reconcile/leader-election.ts'
import { leaseCandidate } from '../../reconcile/lease-candidate.ts'
import { startController } from '../../reconcile/start-controller.ts'
import { SimulatedProcess } from '../../reconcile/testing/simulated-process.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { leaderElectionController, leaseCandidateGc } from './leader-election-controller.ts'

let cluster: TestCluster
let log: string[]
let processes: SimulatedProcess[]

beforeEach(() => {
  cluster = new TestCluster()
  log = []
  processes = []
  cluster.start(leaderElectionController)
  cluster.start(leaseCandidateGc)
})
afterEach(async () => {
  for (const each of processes) each.kill()
  await cluster.stop()
})

/** A component that leads when the coordinator says so, and ends for good when it has lost the lead. */
async function component(name: string, emulationVersion = '1.36.0'): Promise<SimulatedProcess> {
  const process = new SimulatedProcess(cluster.host)
  processes.push(process)
  const { host } = process
  const client = createClient(process.transport(cluster.api))
  const informers = createInformerFactory({ client, host, logger: silentLogger })
  const events = { event: () => {} }
  const parts = { client, informers, events, host, logger: silentLogger, metrics: new PrometheusMetrics() }
  const place = { namespace: 'kube-system', leaseName: 'worker' }
  startController(leaseCandidate({ ...place, name, binaryVersion: '1.36.0', emulationVersion }), parts)
  const election = { ...parts, namespace: 'kube-system', name: 'worker', identity: name, coordinated: true }
  const lead = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
    log.push(`${name} leads`)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    log.push(`${name} stops`)
  }
  const never = new AbortController().signal
  void runLeaderElection({ ...election, releaseOnCancel: true, lead }, never).then(() => process.kill())
  await cluster.host.advance(10_000)
  return process
}

const lease = () => cluster.get<coordination.v1.Lease>(Lease, 'kube-system/worker')

test('the oldest candidate leads, and one of an older release follows it after its term', async () => {
  await component('a')
  await component('b')
  await cluster.host.advance(60_000)
  expect(log).toEqual(['a leads'])
  expect((await lease()).spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15 })
  await component('old', '1.35.0')
  expect((await lease()).spec).toMatchObject({ holderIdentity: 'a', preferredHolder: 'old' })
  await cluster.host.advance(60_000)
  expect(log).toEqual(['a leads', 'a stops', 'old leads'])
  expect((await lease()).spec?.preferredHolder).toBeUndefined()
})

test('a leader that dies is followed by one that answers; its candidacy goes after half an hour', async () => {
  const a = await component('a')
  await component('b')
  a.kill()
  await cluster.host.advance(40_000)
  expect(log).toEqual(['a leads', 'b leads'])
  expect(await cluster.list(LeaseCandidate)).toHaveLength(2)
  await cluster.host.advance(65 * 60_000)
  expect((await cluster.list(LeaseCandidate)).map(({ metadata }) => metadata?.name)).toEqual(['b'])
  expect(log).toEqual(['a leads', 'b leads'])
})

test('a candidacy that never shows a sign of life goes half an hour after it was offered', async () => {
  const spec = { leaseName: 'worker', binaryVersion: '1.36.0', strategy: 'OldestEmulationVersion' } as const
  await cluster.create(LeaseCandidate, { metadata: { name: 'quiet', namespace: 'kube-system' }, spec })
  await cluster.host.advance(20 * 60_000)
  expect(await cluster.list(LeaseCandidate)).toHaveLength(1)
  await cluster.host.advance(45 * 60_000)
  expect(await cluster.list(LeaseCandidate)).toEqual([])
})
