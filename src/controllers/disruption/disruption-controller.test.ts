import { afterEach, beforeEach, expect, test } from 'vitest'
import { Deployment } from '../../api/apps/deployment/kind.ts'
import { ReplicaSet } from '../../api/apps/replica-set/kind.ts'
import { Job } from '../../api/batch/job/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { policy } from '../../api/generated/types/index.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget/kind.ts'
import { defineKind } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject, OwnerReference } from '../../apimachinery/meta.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { fixedKinds } from '../../reconcile/kind-source.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'
import { podWith } from '../../reconcile/testing/pods.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { disruptionController } from './disruption-controller.ts'

const labels = { app: 'web' }
const template = { metadata: { labels }, spec: { containers: [] } }

/** A custom kind with a scale. */
const Grove = defineKind<KubernetesObject>({
  group: 'test.example',
  version: 'v1',
  kind: 'Grove',
  resource: 'groves',
  namespaced: true,
  schema: '',
  subresources: { scale: { specReplicas: 'spec.trees', statusReplicas: 'status.trees' } },
})

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(disruptionController(fixedKinds([Grove, Job])))
})

afterEach(() => cluster.stop())

const makeBudget = (spec: policy.v1.PodDisruptionBudgetSpec) =>
  cluster.create(PodDisruptionBudget, {
    metadata: { name: 'web', namespace: 'default', generation: 1 },
    spec: { selector: { matchLabels: labels }, ...spec },
  })

const addPods = async (count: number, owner?: OwnerReference, readySinceMs: number | undefined = 0) => {
  for (let index = 0; index < count; index++) {
    const pod = podWith({
      name: `pod-${index}`,
      labels,
      ...(readySinceMs === undefined ? {} : { readySinceMs }),
    })
    const ownerReferences = owner === undefined ? [] : [owner]
    await cluster.create(Pod, { ...pod, metadata: { ...pod.metadata, ownerReferences } })
    await cluster.change(Pod, `default/pod-${index}`, { status: pod.status ?? {} })
  }
}

const status = async () => (await cluster.get(PodDisruptionBudget, 'default/web')).status

test('disruptionController() counts the pods themselves for a number of available ones', async () => {
  await makeBudget({ minAvailable: 2 })
  expect(await status()).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0, observedGeneration: 1 })
  expect(await cluster.events()).toEqual(['Normal NoPods No matching pods found'])
  await addPods(3)
  expect(await status()).toMatchObject({ expectedPods: 3, currentHealthy: 3, disruptionsAllowed: 1 })
  await cluster.change(Pod, 'default/pod-0', {
    status: { conditions: [{ type: 'Ready', status: 'False' }] },
  })
  expect(await status()).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0 })
})

test('disruptionController() asks a Deployment how many pods there should be', async () => {
  const spec = { replicas: 4, selector: { matchLabels: labels }, template }
  const metadata = { name: 'web', namespace: 'default' }
  const deployment = await cluster.create(Deployment, { metadata, spec })
  const ownerReferences = [controllerReference(Deployment, deployment)]
  const set = await cluster.create(ReplicaSet, {
    metadata: { ...metadata, ownerReferences },
    spec: { ...spec, replicas: 2 },
  })
  await addPods(2, controllerReference(ReplicaSet, set))
  await makeBudget({ maxUnavailable: '50%' })
  expect(await status()).toMatchObject({ expectedPods: 4, desiredHealthy: 2, currentHealthy: 2 })
})

test('disruptionController() asks any other kind by its scale subresource', async () => {
  const grove = await cluster.create(Grove, { metadata: { name: 'oak', namespace: 'default' } })
  cluster.api.interceptors.push(({ path }) =>
    path.endsWith('/groves/oak/scale')
      ? { metadata: { uid: grove.metadata?.uid }, spec: { replicas: 10 } }
      : undefined,
  )
  await addPods(2, controllerReference(Grove, grove))
  await makeBudget({ minAvailable: '20%' })
  expect(await status()).toMatchObject({ expectedPods: 10, desiredHealthy: 2, disruptionsAllowed: 0 })
})

test('disruptionController() allows nothing where a controller has no scale', async () => {
  const job = await cluster.create(Job, {
    metadata: { name: 'job', namespace: 'default' },
    spec: { template },
  })
  await addPods(2, controllerReference(Job, job))
  await makeBudget({ maxUnavailable: 1 })
  const message = 'jobs.batch does not implement the scale subresource'
  expect(await status()).toMatchObject({
    disruptionsAllowed: 0,
    conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message }],
  })
  expect(await cluster.events()).toContain(
    `Warning CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: ${message}`,
  )
})

test('disruptionController() counts again after failures, though nothing else changes', async () => {
  const grove = await cluster.create(Grove, { metadata: { name: 'oak', namespace: 'default' } })
  let isBroken = true
  cluster.api.interceptors.push(({ path }) => {
    if (!path.endsWith('/groves/oak/scale')) return undefined
    if (isBroken) throw new Error('the storm')
    return { metadata: { uid: grove.metadata?.uid }, spec: { replicas: 2 } }
  })
  await addPods(2, controllerReference(Grove, grove))
  await makeBudget({ maxUnavailable: 1 })
  expect(await status()).toMatchObject({ conditions: [{ reason: 'SyncFailed' }] })
  isBroken = false
  await cluster.host.advance(10_000)
  expect(await status()).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 2 })
})

test('disruptionController() tells of pods that nobody controls', async () => {
  await addPods(1)
  await makeBudget({ maxUnavailable: 1 })
  expect(await status()).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 })
  expect((await cluster.events())[0]).toContain(
    'Warning UnmanagedPods Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},})',
  )
})

test('disruptionController() gives a disruption back when the pod stays', async () => {
  await makeBudget({ minAvailable: 1 })
  await addPods(2)
  const disruptedPods = { 'pod-0': formatTime(cluster.host.now()) }
  await cluster.change(PodDisruptionBudget, 'default/web', {
    status: { disruptionsAllowed: 0, disruptedPods },
  })
  expect(await status()).toMatchObject({ disruptionsAllowed: 0, currentHealthy: 1, disruptedPods })
  await cluster.host.advance(121_000)
  expect(await status()).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 2 })
  expect(await cluster.events()).toContain(
    "Warning NotDeleted Pod was expected by PDB default/default to be deleted but it wasn't",
  )
})

test('disruptionController() takes back a DisruptionTarget that nothing came of', async () => {
  await addPods(2)
  const lastTransitionTime = formatTime(cluster.host.now())
  const target = (reason: string) => ({
    status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime }] },
  })
  await cluster.change(Pod, 'default/pod-0', target('EvictionByEvictionAPI'))
  await cluster.change(Pod, 'default/pod-1', target('TerminationByKubelet'))
  const state = async (name: string) =>
    (await cluster.get(Pod, `default/${name}`)).status?.conditions?.[1]?.status
  await cluster.host.advance(115_000)
  expect(await state('pod-0')).toBe('True')
  await cluster.host.advance(6_000)
  expect(await state('pod-0')).toBe('False')
  expect(await state('pod-1')).toBe('True')
})

test('disruptionController() says that several budgets count one pod', async () => {
  await makeBudget({ minAvailable: 1 })
  await cluster.create(PodDisruptionBudget, {
    metadata: { name: 'all', namespace: 'default' },
    spec: { selector: {}, maxUnavailable: 0 },
  })
  await addPods(1)
  expect(await cluster.events()).toContain(
    'Warning MultiplePodDisruptionBudgets Pod "default"/"pod-0" matches multiple PodDisruptionBudgets.  Chose "web" arbitrarily.',
  )
})
