import { afterEach, beforeEach, expect, test } from 'vitest'
import { Lease } from '../../api/coordination/lease/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { formatMicroTime, formatTime } from '../../apimachinery/time.ts'
import { podWith } from '../../reconcile/testing/pods.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { nodeLifecycleController } from './node-lifecycle-controller.ts'

let cluster: TestCluster
/** Nodes whose kubelets are alive. */
let alive: Set<string>

beforeEach(() => {
  cluster = new TestCluster()
  alive = new Set()
})

afterEach(() => cluster.stop())

const start = () => cluster.start(nodeLifecycleController())

function readyStatus(status = 'True'): core.v1.NodeStatus {
  const now = formatTime(cluster.host.now())
  const condition = { status, lastHeartbeatTime: now, lastTransitionTime: now }
  const others = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
    ...condition,
    type,
    status: 'False',
  }))
  return { conditions: [...others, { ...condition, type: 'Ready', reason: 'KubeletReady', message: '' }] }
}

async function addNode(name: string, labels: Record<string, string> = {}): Promise<void> {
  alive.add(name)
  await cluster.create(Node, { metadata: { name, labels } }, 1)
  await cluster.change(Node, name, { status: readyStatus() })
  await cluster.create(
    Lease,
    {
      metadata: { name, namespace: 'kube-node-lease' },
      spec: { renewTime: formatMicroTime(cluster.host.now()) },
    },
    1,
  )
}

/** Lets time pass, in which living kubelets renew their leases every ten seconds. */
async function pass(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 10) {
    for (const name of alive) {
      void cluster.api.request({
        method: 'PATCH',
        path: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`,
        body: { spec: { renewTime: formatMicroTime(cluster.host.now()) } },
        contentType: 'application/merge-patch+json',
      })
    }
    await cluster.host.advance(Math.min(10, left) * 1_000)
  }
}

const ready = async (name: string) => {
  const { status } = await cluster.get(Node, name)
  return status?.conditions?.find(({ type }) => type === 'Ready')
}
const taints = async (name: string) =>
  ((await cluster.get(Node, name)).spec?.taints ?? []).map(
    ({ key, effect }) => `${key.split('/')[1]}:${effect}`,
  )

test('nodeLifecycleController leaves nodes alone that renew their leases', async () => {
  start()
  await addNode('n1')
  await pass(600)
  expect(await ready('n1')).toMatchObject({ status: 'True' })
  expect(await taints('n1')).toEqual([])
  expect(await cluster.events()).toEqual([
    'Normal RegisteredNode Node n1 event: Registered Node n1 in Controller',
  ])
})

test('nodeLifecycleController looks for silent nodes as often as it is told', async () => {
  cluster.start(nodeLifecycleController({ monitorPeriodMs: 300_000 }))
  await addNode('n1')
  alive.delete('n1')
  await pass(290)
  expect(await ready('n1')).toMatchObject({ status: 'True' })
  await pass(20)
  expect(await ready('n1')).toMatchObject({ status: 'Unknown' })
})

test('nodeLifecycleController marks and taints a node that falls silent, and its pods', async () => {
  start()
  for (const name of ['n1', 'n2', 'n3']) await addNode(name)
  const { status, ...pod } = podWith({ name: 'p', node: 'n1', readySinceMs: cluster.host.now() })
  await cluster.create(Pod, pod)
  await cluster.change(Pod, 'default/p', { status })
  await pass(20)
  alive.delete('n1')
  await pass(39)
  expect(await ready('n1')).toMatchObject({ status: 'True' })
  await pass(3)
  expect(await ready('n1')).toMatchObject({
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  })
  const conditions = (await cluster.get(Node, 'n1')).status?.conditions
  expect(conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
    'MemoryPressure Unknown',
    'DiskPressure Unknown',
    'PIDPressure Unknown',
    'Ready Unknown',
  ])
  expect(await taints('n1')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute'])
  expect(await taints('n2')).toEqual([])
  expect((await cluster.get(Pod, 'default/p')).status?.conditions?.[0]).toMatchObject({ status: 'False' })
  expect(await cluster.events()).toEqual(
    expect.arrayContaining([
      'Normal NodeNotReady Node n1 status is now: NodeNotReady',
      'Warning NodeNotReady Node is not ready',
    ]),
  )
  alive.add('n1')
  await cluster.change(Node, 'n1', { status: readyStatus() })
  await pass(10)
  expect(await ready('n1')).toMatchObject({ status: 'True' })
  expect(await taints('n1')).toEqual([])
})

test('nodeLifecycleController taints nodes that say themselves that they are not ready', async () => {
  start()
  for (const name of ['n1', 'n2']) await addNode(name)
  await cluster.change(Node, 'n1', { status: readyStatus('False') })
  expect(await taints('n1')).toEqual(['not-ready:NoSchedule', 'not-ready:NoExecute'])
  await cluster.change(Node, 'n2', { spec: { unschedulable: true } })
  expect(await taints('n2')).toEqual(['unschedulable:NoSchedule'])
})

test('nodeLifecycleController evicts from no node when all of them are silent', async () => {
  start()
  for (const name of ['n1', 'n2']) await addNode(name)
  alive.clear()
  await pass(120)
  expect(await ready('n1')).toMatchObject({ status: 'Unknown' })
  expect(await ready('n2')).toMatchObject({ status: 'Unknown' })
  expect(await taints('n1')).toEqual(['unreachable:NoSchedule'])
  expect(await taints('n2')).toEqual(['unreachable:NoSchedule'])
})

test('nodeLifecycleController taints one node in ten seconds', async () => {
  start()
  for (let index = 0; index < 6; index++) await addNode(`n${index}`)
  alive = new Set(['n3', 'n4', 'n5'])
  await pass(52)
  const counts: number[] = []
  for (let step = 0; step < 3; step++) {
    const all: string[] = []
    for (const name of ['n0', 'n1', 'n2']) all.push(...(await taints(name)))
    counts.push(all.filter((taint) => taint.endsWith('NoExecute')).length)
    await pass(10)
  }
  expect(counts).toEqual([1, 2, 3])
})

test('nodeLifecycleController evicts from no node of a small zone where most are down', async () => {
  start()
  for (let index = 0; index < 5; index++) await addNode(`n${index}`)
  alive = new Set(['n4'])
  await pass(200)
  const all: string[] = []
  for (let index = 0; index < 4; index++) all.push(...(await taints(`n${index}`)))
  expect(all.filter((taint) => taint.endsWith('NoExecute')).length).toBeLessThanOrEqual(1)
})

test('nodeLifecycleController gives a node that never reported a minute', async () => {
  start()
  await addNode('other')
  await cluster.create(Node, { metadata: { name: 'n1' } })
  await pass(55)
  expect(await ready('n1')).toBeUndefined()
  await pass(10)
  expect(await ready('n1')).toMatchObject({
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
  })
})

test('nodeLifecycleController says goodbye to a deleted node', async () => {
  start()
  await addNode('n1')
  await cluster.do(cluster.client.resource(Node).delete('', 'n1'))
  expect(await cluster.events()).toContain(
    'Normal RemovingNode Node n1 event: Removing Node n1 from Controller',
  )
})

test('nodeLifecycleController keeps the old labels of a node in step with the new ones', async () => {
  start()
  await addNode('n1', {
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/arch': 'x',
  })
  expect((await cluster.get(Node, 'n1')).metadata?.labels).toEqual({
    'kubernetes.io/os': 'linux',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/arch': 'amd64',
  })
})

test('nodeLifecycleController evicts as fast as it is told, and measures zones', async () => {
  cluster.start(
    nodeLifecycleController({ evictionRates: { evictionsPerSecond: 1, unhealthyZoneShare: 0.9 } }),
  )
  for (const name of ['n1', 'n2', 'n3', 'n4']) await addNode(name, { 'topology.kubernetes.io/zone': 'z' })
  for (const name of ['n1', 'n2', 'n3']) alive.delete(name)
  await pass(60)
  const nodes = await cluster.list<core.v1.Node>(Node)
  expect(nodes.filter(({ spec }) => spec?.taints?.some(({ effect }) => effect === 'NoExecute'))).toHaveLength(
    3,
  )
  const exposed = cluster.metrics.expose()
  for (const line of ['zone_size{zone="', 'zone_health{zone="', 'unhealthy_nodes_in_zone{zone="']) {
    expect(exposed).toContain(`node_collector_${line}`)
  }
  expect(exposed).toMatch(/node_collector_evictions_total\{zone="[^"]*z"\} 3/)
  expect(exposed).toMatch(/node_collector_zone_health\{zone="[^"]*z"\} 25/)
})
