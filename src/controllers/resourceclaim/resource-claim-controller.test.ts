import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourceClaimTemplate } from '../../api/resource/resource-claim-template/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { generateNameFor } from './generated-claim.ts'
import { resourceClaimController } from './resource-claim-controller.ts'

const finalizer = 'resource.kubernetes.io/delete-protection'
const allocation = { devices: { results: [] } }

test('generateNameFor() shortens both names where they are too long together', () => {
  expect(generateNameFor('web', 'gpu')).toBe('web-gpu-')
  const name = generateNameFor('p'.repeat(100), 'c'.repeat(20))
  expect(name).toMatch(/^p+-c+$/)
  expect(name.length).toBeLessThanOrEqual(57)
})

describe('resourceClaimController', () => {
  let cluster: TestCluster
  beforeEach(() => {
    cluster = new TestCluster()
    cluster.start(resourceClaimController)
  })
  afterEach(() => cluster.stop())

  const addTemplate = () =>
    cluster.create(ResourceClaimTemplate, {
      metadata: { name: 'gpus', namespace: 'default' },
      spec: { metadata: { labels: { a: 'b' } }, spec: { devices: { requests: [{ name: 'one' }] } } },
    })
  const addPod = (spec: Partial<core.v1.PodSpec> = {}) =>
    cluster.create(Pod, {
      metadata: { name: 'p', namespace: 'default' },
      spec: {
        containers: [],
        resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpus' }],
        ...spec,
      },
    })
  const claims = () => cluster.list(ResourceClaim)
  const addClaim = (reservedFor: readonly object[], finalizers: readonly string[] = []) =>
    cluster.create(ResourceClaim, {
      metadata: { name: 'shared', namespace: 'default', finalizers },
      spec: {},
      status: {
        allocation,
        reservedFor: reservedFor.map((each) => ({ resource: 'pods', name: 'p', uid: 'u', ...each })),
      },
    })
  const shared = [{ name: 'gpu', resourceClaimName: 'shared' }]

  test('makes a claim once its template is there, and notes its name', async () => {
    const pod = await addPod()
    expect((await cluster.events())[0]).toBe(
      'Warning FailedResourceClaimCreation PodResourceClaim gpu: resource claim template "gpus": resourceclaimtemplate.resource.k8s.io "gpus" not found',
    )
    await addTemplate()
    const [claim] = await claims()
    expect(claim).toMatchObject({
      metadata: {
        generateName: 'p-gpu-',
        labels: { a: 'b' },
        annotations: { 'resource.kubernetes.io/pod-claim-name': 'gpu' },
        ownerReferences: [{ kind: 'Pod', uid: pod.metadata?.uid, controller: true }],
      },
      spec: { devices: { requests: [{ name: 'one' }] } },
    })
    expect((await cluster.get(Pod, 'default/p')).status?.resourceClaimStatuses).toEqual([
      { name: 'gpu', resourceClaimName: claim?.metadata?.name },
    ])
    await cluster.host.advance(10_000)
    expect(await claims()).toHaveLength(1)
  })

  test('makes a claim again that somebody has deleted', async () => {
    await addTemplate()
    await addPod()
    const [first] = await claims()
    await cluster.do(cluster.client.resource(ResourceClaim).delete('default', first?.metadata?.name ?? ''))
    const [second] = await claims()
    expect(second?.metadata?.uid).not.toBe(first?.metadata?.uid)
  })

  test('deletes the claim of a pod that has ended', async () => {
    await addTemplate()
    await addPod({ nodeName: 'n' })
    expect(await claims()).toHaveLength(1)
    await cluster.change(Pod, 'default/p', { status: { phase: 'Succeeded' } })
    expect(await claims()).toEqual([])
  })

  test('frees the devices with the last pod that uses them', async () => {
    const pod = await addPod({ nodeName: 'n', resourceClaims: shared })
    await addClaim([{ uid: pod.metadata?.uid }, { name: 'gone', uid: 'gone' }], [finalizer])
    const claim = () => cluster.get(ResourceClaim, 'default/shared')
    expect((await claim()).status).toEqual({
      allocation,
      reservedFor: [{ resource: 'pods', name: 'p', uid: pod.metadata?.uid }],
    })
    await cluster.do(cluster.client.resource(Pod).delete('default', 'p'))
    expect((await claim()).status).toEqual({ reservedFor: [] })
    expect((await claim()).metadata?.finalizers).toEqual([])
  })

  test('keeps consumers that it does not know', async () => {
    await addClaim([{ apiGroup: 'test.example', resource: 'groves' }])
    const { status } = await cluster.get(ResourceClaim, 'default/shared')
    expect(status?.reservedFor).toHaveLength(1)
  })

  test('reserves a claim for a pod that no scheduler has placed', async () => {
    await addClaim([])
    const pod = await addPod({ nodeName: 'n', resourceClaims: shared })
    const { status } = await cluster.get(ResourceClaim, 'default/shared')
    expect(status?.reservedFor).toEqual([{ resource: 'pods', name: 'p', uid: pod.metadata?.uid }])
  })

  test('lets a claim go that was allocated and never used', async () => {
    await addClaim([], [finalizer])
    await cluster.do(cluster.client.resource(ResourceClaim).delete('default', 'shared'))
    expect(await claims()).toEqual([])
  })
})
