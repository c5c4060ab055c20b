import { afterEach, beforeEach, expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { podWith } from '../../reconcile/testing/pods.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { taintEvictionController } from './taint-eviction-controller.ts'

let cluster: TestCluster

beforeEach(async () => {
  cluster = new TestCluster()
  cluster.start(taintEvictionController())
  await cluster.create(Node, { metadata: { name: 'n1' }, spec: {} })
})

afterEach(() => cluster.stop())

const taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }
const setTaints = (taints: readonly object[]) => cluster.change(Node, 'n1', { spec: { taints } })

async function addPod(name: string, tolerationSeconds?: number): Promise<void> {
  const { status: _, ...pod } = podWith({ name })
  const tolerations =
    tolerationSeconds === undefined ? [] : [{ key: taint.key, operator: 'Exists', tolerationSeconds }]
  await cluster.create(Pod, { ...pod, spec: { containers: [], nodeName: 'n1', tolerations } })
}

const names = async () => (await cluster.list(Pod)).map(({ metadata }) => metadata?.name)

test('taintEvictionController deletes pods when their toleration ends', async () => {
  await addPod('patient', 300)
  await addPod('intolerant')
  await setTaints([taint])
  expect(await names()).toEqual(['patient'])
  await cluster.host.advance(299_000)
  expect(await names()).toEqual(['patient'])
  await cluster.host.advance(2_000)
  expect(await names()).toEqual([])
  expect(await cluster.events()).toEqual([
    'Normal TaintManagerEviction Marking for deletion Pod default/intolerant',
    'Normal TaintManagerEviction Marking for deletion Pod default/patient',
  ])
  const patch = cluster.api.requests.find(({ path }) => path.endsWith('/pods/patient/status'))
  expect(patch?.body).toMatchObject({
    status: {
      conditions: [
        {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByTaintManager',
          message: 'Taint manager: deleting due to NoExecute taint',
        },
      ],
    },
  })
})

test('taintEvictionController leaves pods alone when the taint goes in time', async () => {
  await addPod('patient', 300)
  await setTaints([taint])
  await cluster.host.advance(200_000)
  await setTaints([])
  await cluster.host.advance(200_000)
  expect(await names()).toEqual(['patient'])
  expect(await cluster.events()).toEqual([
    'Normal TaintManagerEviction Cancelling deletion of Pod default/patient',
  ])
  await setTaints([taint])
  await cluster.host.advance(200_000)
  expect(await names()).toEqual(['patient'])
})

test('taintEvictionController evicts a pod that comes to a tainted node', async () => {
  await setTaints([taint])
  await addPod('late')
  expect(await names()).toEqual([])
})

test('taintEvictionController counts from when it saw the taint, also when the toleration changes', async () => {
  await addPod('patient', 300)
  await setTaints([taint])
  await cluster.host.advance(100_000)
  const tolerations = [{ key: taint.key, operator: 'Exists', tolerationSeconds: 150 }]
  await cluster.change(Pod, 'default/patient', { spec: { tolerations } })
  await cluster.host.advance(45_000)
  expect(await names()).toEqual(['patient'])
  await cluster.host.advance(10_000)
  expect(await names()).toEqual([])
})
