import { expect, test } from 'vitest'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { createClient } from '../../../client/create-client.ts'
import { FakeApi } from '../../../client/testing/fake-api.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo, refreshPodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { dynamicResources } from './dynamic-resources.ts'
import { NodeAllocatable } from './node-allocatable.ts'

const device: resource.v1.Device = {
  name: 'g',
  nodeAllocatableResourceMappings: {
    cpu: { allocationMultiplier: '1500m' },
    memory: { allocationMultiplier: '1Gi' },
  },
}
const claim = (name: string, status: resource.v1.ResourceClaimStatus = {}): resource.v1.ResourceClaim => ({
  metadata: { name, namespace: 'd', uid: name },
  spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } },
  status,
})
const allocated: resource.v1.ResourceClaimStatus = {
  allocation: { devices: { results: [{ request: 'r', driver: 'x', pool: 'p', device: 'g' }] } },
}
const taken = [{ resourceClaimName: 'a', containers: ['k'], resources: { cpu: '1500m', memory: '1Gi' } }]

function pod(name: string, claimName: string, uses = true, status: core.v1.PodStatus = {}): core.v1.Pod {
  const claims = uses ? [{ name: 'e' }] : []
  return {
    metadata: { name, namespace: 'd', uid: name },
    spec: {
      resourceClaims: [{ name: 'e', resourceClaimName: claimName }],
      containers: [{ name: 'k', resources: { requests: { cpu: '1' }, claims } }],
    },
    status,
  }
}

/** A node of two and a half processors and 4 GiB, with one device. */
function world(...claims: readonly resource.v1.ResourceClaim[]) {
  const table = new NodeTable()
  const allocatable = { cpu: '2500m', memory: '4Gi', pods: '9' }
  table.setNode({ metadata: { name: 'n' }, status: { allocatable } })
  const informers = new FixedInformers()
    .set(DeviceClass, { metadata: { name: 'c' }, spec: {} })
    .set(ResourceClaim, ...claims)
    .set(ResourceSlice, {
      metadata: { name: 's' },
      spec: {
        ...{ driver: 'x', nodeName: 'n', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
        devices: [device],
      },
    })
  const host = testHost()
  const api = new FakeApi(host)
  const context = pluginContext({ table, informers, gates: { DRANodeAllocatableResources: true } })
  const plugin = dynamicResources({ ...context, host, client: createClient(api) })
  const attemptOf = (of: core.v1.Pod) => {
    const attempt = plugin.preFilter?.(makePodInfo(of))
    if (attempt?.type !== 'filter') throw new Error('it has a claim')
    return attempt
  }
  const refusal = (of: core.v1.Pod): string => {
    const attempt = attemptOf(of)
    return table.nodes.map((node) => attempt.filter(node)?.reasons.join('; ') ?? '').join()
  }
  return { table, host, api, attemptOf, refusal }
}

test("dynamicResources() counts what a pod's devices take of its node, tells the pod, and takes it back", async () => {
  const { table, host, api, attemptOf } = world(claim('a'))
  const wanted = makePodInfo(pod('p', 'a'))
  const attempt = attemptOf(wanted.pod)
  expect(table.nodes.map((node) => attempt.filter(node))).toEqual([undefined])
  const counted = attempt.countedOn?.('n')
  expect(counted?.requests).toEqual(
    new Map([
      ['cpu', 2500],
      ['memory', 2 ** 30],
    ]),
  )
  expect(counted?.pod.status?.nodeAllocatableResourceClaimStatuses).toEqual(taken)
  api.interceptors.push(({ method, path }) => {
    if (method === 'PATCH' && path.includes('/pods/')) return {}
    return method === 'PUT'
      ? claim('a', { ...allocated, reservedFor: [{ resource: 'pods', name: 'p', uid: 'p' }] })
      : {}
  })
  const patches = (): unknown =>
    api.requests.flatMap(({ method, path, body }) =>
      method === 'PATCH' && path.includes('/pods/') ? [body] : [],
    )
  attempt.reserve?.(wanted, 'n')
  const binding = attempt.preBind?.(wanted, 'n', new AbortController().signal)
  await host.advance(10)
  await binding
  expect(patches()).toEqual([{ status: { nodeAllocatableResourceClaimStatuses: taken } }])
  attempt.unreserve?.(wanted, 'n')
  await host.advance(10)
  expect(patches()).toHaveLength(2)
})

test('dynamicResources() refuses nodes that have too little beside what devices take', () => {
  const { table, refusal } = world(claim('a'))
  const other = {
    metadata: { name: 'o', uid: 'o' },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
  }
  table.addPod('n', makePodInfo(other))
  expect(refusal(pod('p', 'a'))).toBe('Insufficient cpu')
})

test('dynamicResources() wants a container that uses the claim', () => {
  expect(world(claim('a')).refusal(pod('p', 'a', false))).toBe(
    'claim a: node-allocatable resource claim not referenced by any container within the pod',
  )
})

test('NodeAllocatable tells devices of two drivers apart that are called alike', () => {
  const slice = (driver: string, devices: resource.v1.Device[]): resource.v1.ResourceSlice => ({
    metadata: { name: driver },
    spec: { driver, pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, devices },
  })
  const informers = new FixedInformers().set(ResourceSlice, slice('y', [{ name: 'g' }]), slice('x', [device]))
  const { table } = world()
  const takes = new NodeAllocatable({ informers, nodes: table })
  const { allocation = {} } = allocated
  const [node] = table.nodes
  if (node === undefined) throw new Error('it was set')
  const counted = takes.countedOn(node, makePodInfo(pod('p', 'a')), new Map([[claim('a'), allocation]]))
  expect(counted).toMatchObject({ pod: { status: { nodeAllocatableResourceClaimStatuses: taken } } })
})

test('dynamicResources() gives what devices take to one pod of a node alone', () => {
  const { table, refusal } = world(claim('a', allocated))
  const user = (name: string) =>
    makePodInfo(pod(name, 'a', true, { nodeAllocatableResourceClaimStatuses: taken }))
  expect(refusal(pod('p', 'a'))).toBe('')
  table.addPod('n', user('o'))
  expect(refusal(pod('p', 'a'))).toBe('node allocatable resource claim a is already used by another pod')
  table.addPod('n', user('o2'))
  expect(refusal(pod('p', 'a'))).toBe('node allocatable resource claim a shared by multiple pods')
})

test("refreshPodInfo() counts what a pod's status says that its devices take", () => {
  const before = makePodInfo(pod('p', 'a'))
  const after = refreshPodInfo(before, pod('p', 'a', true, { nodeAllocatableResourceClaimStatuses: taken }))
  expect([before.requests.get('cpu'), after.requests.get('cpu')]).toEqual([1000, 2500])
})
