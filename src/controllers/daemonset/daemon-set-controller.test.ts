import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ControllerRevision } from '../../api/apps/controller-revision/kind.ts'
import { DaemonSet } from '../../api/apps/daemon-set/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { makeDaemonPod, targetNode } from './daemon-pod.ts'
import { daemonSetController } from './daemon-set-controller.ts'

let cluster: TestCluster

beforeEach(async () => {
  cluster = new TestCluster()
  cluster.start(daemonSetController())
  for (const name of ['n1', 'n2', 'n3'])
    await cluster.create(Node, { metadata: { name, labels: { zone: 'a' } } })
})

afterEach(() => cluster.stop())

const labels = { app: 'agent' }
const template = (image = 'i:1', spec: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image }], ...spec },
})
const rolling = (rollingUpdate: object) => ({ type: 'RollingUpdate', rollingUpdate })

const makeSet = (spec: object = {}): Promise<apps.v1.DaemonSet> =>
  cluster.create(DaemonSet, {
    metadata: { name: 'agent', namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: rolling({ maxUnavailable: 1, maxSurge: 0 }),
      template: template(),
      ...spec,
    },
  })

const pods = async (): Promise<readonly core.v1.Pod[]> => await cluster.list<core.v1.Pod>(Pod)
const nodes = async () => (await pods()).map((pod) => targetNode(pod)).sort()
const images = async () =>
  (await pods()).map((pod) => `${targetNode(pod)} ${pod.spec?.containers[0]?.image}`).sort()
const status = async () => (await cluster.get<apps.v1.DaemonSet>(DaemonSet, 'default/agent')).status

async function settle(): Promise<void> {
  for (const pod of await pods()) {
    if (pod.status?.phase === 'Running') continue
    await cluster.change(Pod, `default/${pod.metadata?.name}`, {
      spec: { nodeName: targetNode(pod) },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(cluster.host.now()) }],
      },
    })
  }
}

test('it makes a pod for each node, which the scheduler can place nowhere else', async () => {
  await makeSet()
  expect(await nodes()).toEqual(['n1', 'n2', 'n3'])
  const [first] = await pods()
  expect(first?.spec?.tolerations?.map(({ key, effect }) => `${key}:${effect}`)).toEqual([
    'node.kubernetes.io/not-ready:NoExecute',
    'node.kubernetes.io/unreachable:NoExecute',
    'node.kubernetes.io/disk-pressure:NoSchedule',
    'node.kubernetes.io/memory-pressure:NoSchedule',
    'node.kubernetes.io/pid-pressure:NoSchedule',
    'node.kubernetes.io/unschedulable:NoSchedule',
  ])
  await settle()
  expect(await status()).toEqual({
    observedGeneration: 1,
    desiredNumberScheduled: 3,
    currentNumberScheduled: 3,
    updatedNumberScheduled: 3,
    numberReady: 3,
    numberAvailable: 3,
    numberMisscheduled: 0,
  })
  const [revision] = await cluster.list<apps.v1.ControllerRevision>(ControllerRevision)
  expect(first?.metadata?.labels?.['controller-revision-hash']).toBe(
    revision?.metadata?.labels?.['controller-revision-hash'],
  )
})

test('its pods say which template they are of, for clients of old', () => {
  const annotations = { 'deprecated.daemonset.template.generation': '3' }
  const spec = { selector: { matchLabels: labels }, template: template() }
  const { metadata } = makeDaemonPod({ metadata: { name: 'agent', annotations }, spec }, 'n1', 'hash')
  expect(metadata?.labels).toMatchObject({
    'controller-revision-hash': 'hash',
    'pod-template-generation': '3',
  })
})

test('it follows nodes, their labels and their taints', async () => {
  await makeSet({ template: template('i:1', { nodeSelector: { zone: 'a' } }) })
  await settle()
  await cluster.create(Node, { metadata: { name: 'n4', labels: { zone: 'a' } } })
  expect(await nodes()).toEqual(['n1', 'n2', 'n3', 'n4'])
  await cluster.change(Node, 'n1', { metadata: { labels: { zone: 'b' } } })
  expect(await nodes()).toEqual(['n2', 'n3', 'n4'])
  await cluster.change(Node, 'n2', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } })
  expect(await nodes()).toEqual(['n2', 'n3', 'n4'])
  expect(await status()).toMatchObject({ desiredNumberScheduled: 2, numberMisscheduled: 1 })
  await cluster.change(Node, 'n2', { spec: { taints: [{ key: 'gpu', effect: 'NoExecute' }] } })
  expect(await nodes()).toEqual(['n3', 'n4'])
})

describe('an update', () => {
  test('replaces one pod after another', async () => {
    await makeSet()
    await settle()
    await cluster.change(DaemonSet, 'default/agent', { spec: { template: template('i:2') } })
    expect((await images()).filter((each) => each.endsWith('i:2'))).toHaveLength(1)
    await settle()
    expect((await images()).filter((each) => each.endsWith('i:2'))).toHaveLength(2)
    await settle()
    await settle()
    expect(await images()).toEqual(['n1 i:2', 'n2 i:2', 'n3 i:2'])
    expect(await status()).toMatchObject({ updatedNumberScheduled: 3, numberAvailable: 3 })
  })

  test('makes the new pod first where it may surge', async () => {
    await makeSet({ updateStrategy: rolling({ maxUnavailable: 0, maxSurge: 1 }) })
    await settle()
    await cluster.change(DaemonSet, 'default/agent', { spec: { template: template('i:2') } })
    expect(await images()).toHaveLength(4)
    for (let round = 0; round < 4; round++) await settle()
    expect(await images()).toEqual(['n1 i:2', 'n2 i:2', 'n3 i:2'])
  })

  test('waits for whoever deletes a pod where the strategy is OnDelete', async () => {
    await makeSet({ updateStrategy: { type: 'OnDelete' } })
    await settle()
    await cluster.change(DaemonSet, 'default/agent', { spec: { template: template('i:2') } })
    expect(await images()).toEqual(['n1 i:1', 'n2 i:1', 'n3 i:1'])
    const [first] = await pods()
    await cluster.do(cluster.client.resource(Pod).delete('default', first?.metadata?.name ?? ''))
    expect((await images()).filter((each) => each.endsWith('i:2'))).toHaveLength(1)
  })
})

test('a pod that fails is made anew, each time later', async () => {
  await makeSet({ template: template('i:1', { nodeName: 'n1' }) })
  const fail = async () => {
    const [pod] = await pods()
    await cluster.change(Pod, `default/${pod?.metadata?.name}`, { status: { phase: 'Failed' } })
    return pod?.metadata?.name
  }
  const first = await fail()
  const second = (await pods())[0]?.metadata?.name
  expect(second).not.toBe(first)
  await fail()
  expect((await pods())[0]?.metadata?.name).toBe(second)
  await cluster.host.advance(1_000)
  expect((await pods())[0]?.metadata?.name).not.toBe(second)
  const events = await cluster.events()
  expect(events).toContain(
    `Warning FailedDaemonPod Found failed daemon pod default/${first} on node n1, will try to kill it`,
  )
})
