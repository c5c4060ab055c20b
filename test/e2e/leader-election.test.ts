import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Deployment } from '../../src/api/apps/deployment/kind.ts'
import { ReplicaSet } from '../../src/api/apps/replica-set/kind.ts'
import { Lease } from '../../src/api/coordination/lease/kind.ts'
import { LeaseCandidate } from '../../src/api/coordination/lease-candidate/kind.ts'
import { Event } from '../../src/api/core/event/kind.ts'
import type { Client } from '../../src/client/client.ts'
import { whyNoEtcd } from '../../src/storage/etcd/testing/etcd-process.ts'
import { ComponentCluster, type RunningComponent } from './support/components.ts'
import { RecordingProxy } from './support/recording-proxy.ts'
import { until } from './support/until.ts'
import { deployment } from './support/workloads.ts'

const gates = '--feature-gates=CoordinatedLeaderElection=true'

/** Upstream's, shortened: 15 s, 10 s and 2 s. */
const times = [
  '--leader-elect-lease-duration=6s',
  '--leader-elect-renew-deadline=5s',
  '--leader-elect-retry-period=500ms',
]

describe.skipIf(whyNoEtcd !== '')(`elections among processes ${whyNoEtcd}`, () => {
  let cluster: ComponentCluster
  let server: RunningComponent
  let client: Client
  const proxies: RecordingProxy[] = []

  beforeAll(async () => {
    cluster = await ComponentCluster.create()
    server = await cluster.apiServer([gates, '--runtime-config=coordination.k8s.io/v1beta1=true'])
    client = cluster.client('admin', server)
    await until('the API server is ready', () => client.resource(Deployment).list({ namespace: 'default' }))
  })
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await cluster?.dispose()
  })

  const holder = async (lease: string): Promise<string | undefined> =>
    (await client.resource(Lease).get('kube-system', lease)).spec?.holderIdentity || undefined

  const manager = async () => {
    const proxy = await RecordingProxy.start(server.port)
    proxies.push(proxy)
    const config = cluster.kubeconfig('system:kube-controller-manager', proxy)
    const process = await cluster.run('controller-manager', [
      ...[`--kubeconfig=${config}`, '--use-service-account-credentials', ...times],
    ])
    return { process, proxy }
  }
  const scheduler = (): Promise<RunningComponent> => {
    const config = cluster.kubeconfig('system:kube-scheduler', server)
    return cluster.run('scheduler', [`--kubeconfig=${config}`, ...times, gates])
  }

  test('a leader that was frozen writes nothing when it wakes, and ends', async () => {
    const frozen = await manager()
    const first = await until('it leads', () => holder('kube-controller-manager'))
    const next = await manager()
    const deployments = client.resource(Deployment)
    const sets = client.resource(ReplicaSet)
    await deployments.create(deployment('before', 1))
    await until('it works', async () => (await sets.list()).items[0]?.status?.observedGeneration === 1)
    // A write that is on its way out already is no business of the freeze's.
    await until('it rests', async () => {
      const last = frozen.proxy.writes.findLast(({ path }) => !path.includes('/leases/'))
      return last !== undefined && performance.now() - last.atMs > 500
    })

    frozen.process.signal('SIGSTOP')
    await until('the other leads', async () => (await holder('kube-controller-manager')) !== first)
    await deployments.create(deployment('between', 1))
    await until('the other works', async () => (await sets.list()).items.length === 2)
    // What the first one will see as soon as it wakes, and would act upon: the other cannot have done it.
    next.process.signal('SIGSTOP')
    for (let count = 0; count < 20; count++) await deployments.create(deployment(`after-${count}`, 1))
    const wokenMs = performance.now()
    frozen.process.signal('SIGCONT')
    expect(await frozen.process.ended()).toBe(1)
    expect(frozen.process.said()).toContain('Error: leaderelection lost')
    expect(frozen.proxy.writes.filter(({ atMs }) => atMs >= wokenMs)).toEqual([])
    expect(frozen.proxy.writes.length).toBeGreaterThan(5)
    next.process.signal('SIGCONT')
    await until('its work is done by the other', async () => (await sets.list()).items.length === 22)
    expect(next.proxy.writes.some(({ path }) => path.includes('/replicasets'))).toBe(true)
    const events = (await client.resource(Event).list({ namespace: 'kube-system' })).items
    const said = events.filter(({ reason }) => reason === 'LeaderElection').map(({ message }) => message)
    expect(said).toEqual([
      `${first} became leader`,
      `${await holder('kube-controller-manager')} became leader`,
    ])
  })

  test('the API server’s coordinator says which of two schedulers leads', async () => {
    const schedulers = await Promise.all([scheduler(), scheduler()])
    const first = await until('one leads', () => holder('kube-scheduler'))
    const candidates = async () =>
      (await client.resource(LeaseCandidate).list({ namespace: 'kube-system' })).items
    await until('both are candidates', async () => (await candidates()).length === 2)
    expect(await holder('leader-election-controller')).toBeDefined()
    const lease = async () => (await client.resource(Lease).get('kube-system', 'kube-scheduler')).spec
    await until('it has renewed', async () => (await lease())?.leaseDurationSeconds === 6)
    expect((await lease())?.strategy).toBe('OldestEmulationVersion')
    const leader = await until('it says so', async () =>
      schedulers.find((each) => each.said().includes('became leader')),
    )
    await leader.kill()
    const second = await until('the other leads', async () => {
      const now = await holder('kube-scheduler')
      return now !== first && now
    })
    expect((await candidates()).map(({ metadata }) => metadata?.name)).toContain(second)
  })
})
