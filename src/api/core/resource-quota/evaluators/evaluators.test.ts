import { describe, expect, test } from 'vitest'
import type { core, resource } from '../../../generated/types/index.ts'
import { listOf } from '../quota-amounts.ts'
import { type DeviceLookups, deviceClaimEvaluator } from './device-claims.ts'
import { meets } from './evaluator.ts'
import { evaluatorOf, specialEvaluators } from './evaluator-of.ts'
import { objectCount } from './object-count.ts'
import { podEvaluator } from './pods.ts'
import { serviceEvaluator } from './services.ts'
import { volumeClaimEvaluator } from './volume-claims.ts'

const nowMs = Date.parse('2026-01-01T01:00:00Z')
const noDevices: DeviceLookups = { classes: () => [], pod: () => undefined, claimsOf: () => [] }

const container = (name: string, requests: object = {}, limits: object = {}): core.v1.Container => ({
  name,
  image: 'i',
  resources: { requests: { ...requests }, limits: { ...limits } },
})
const pod = (spec: Partial<core.v1.PodSpec>, status: core.v1.PodStatus = {}): core.v1.Pod => ({
  spec: { containers: [], ...spec },
  status,
})

describe('podEvaluator', () => {
  test('counts requests and limits under all of their names', () => {
    const containers = [
      container('a', { cpu: '250m', memory: '1Gi', 'example.com/gpu': '2' }, { cpu: '1' }),
      container('b', { cpu: '250m', 'hugepages-2Mi': '4Mi', 'ephemeral-storage': '1G' }),
    ]
    expect(listOf(podEvaluator.usage(pod({ containers }), nowMs))).toEqual({
      'count/pods': '1',
      pods: '1',
      cpu: '500m',
      'requests.cpu': '500m',
      memory: '1Gi',
      'requests.memory': '1Gi',
      'limits.cpu': '1',
      'requests.example.com/gpu': '2',
      'hugepages-2Mi': '4Mi',
      'requests.hugepages-2Mi': '4Mi',
      'ephemeral-storage': '1G',
      'requests.ephemeral-storage': '1G',
    })
  })

  test('counts what a resize has left allocated, and overhead', () => {
    const containers = [container('a', { cpu: '1' })]
    const status = {
      containerStatuses: [
        {
          ...{ name: 'a', image: 'i', imageID: '', ready: true, restartCount: 0 },
          resources: { requests: { cpu: '2' } },
          allocatedResources: { cpu: '3' },
        },
      ],
    }
    const usage = podEvaluator.usage(pod({ containers, overhead: { cpu: '100m' } }, status), nowMs)
    expect(listOf(usage)).toMatchObject({ cpu: '3100m' })
  })

  test('counts only the object of a pod that has ended or is overdue to be gone', () => {
    const containers = [container('a', { cpu: '1' })]
    const ended = pod({ containers }, { phase: 'Succeeded' })
    const stuck = {
      ...pod({ containers }),
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 },
    }
    for (const one of [ended, stuck])
      expect(listOf(podEvaluator.usage(one, nowMs))).toEqual({ 'count/pods': '1' })
  })

  test.each([
    ['cpu', true],
    ['count/pods', true],
    ['requests.hugepages-1Gi', true],
    ['requests.example.com/gpu', true],
    ['requests.deviceclass.resource.kubernetes.io/gpu', true],
    ['example.com/gpu', false],
    ['requests.storage', false],
    ['secrets', false],
  ])('counts %s: %s', (name, wanted) => {
    expect(podEvaluator.counts(name)).toBe(wanted)
  })

  const scope = (scopeName: string, operator = 'Exists', values?: string[]) => ({
    scopeName,
    operator,
    ...(values === undefined ? {} : { values }),
  })
  const bound = pod({ containers: [container('a', { cpu: '1' })], activeDeadlineSeconds: 5 })
  const ranked = pod({ containers: [container('a')], priorityClassName: 'high' })
  const term = { topologyKey: 'zone', namespaces: ['other'] }
  const affine = pod({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
  })
  test.each([
    [scope('Terminating'), bound, true],
    [scope('NotTerminating'), bound, false],
    [scope('BestEffort'), bound, false],
    [scope('BestEffort'), ranked, true],
    [scope('NotBestEffort'), bound, true],
    [scope('PriorityClass'), bound, false],
    [scope('PriorityClass'), ranked, true],
    [scope('PriorityClass', 'In', ['low', 'high']), ranked, true],
    [scope('PriorityClass', 'NotIn', ['high']), ranked, false],
    [scope('PriorityClass', 'DoesNotExist'), bound, true],
    [scope('CrossNamespacePodAffinity'), affine, true],
    [scope('CrossNamespacePodAffinity'), bound, false],
    [scope('VolumeAttributesClass'), bound, false],
  ])('matches %j: row %#', (requirement, object, wanted) => {
    expect(podEvaluator.matchesScope?.(requirement, object)).toBe(wanted)
  })

  test('asks every container for what is limited, unless the pod says it as a whole', () => {
    const containers = [container('a', { cpu: '1' }), container('b'), container('c', {}, { cpu: '1' })]
    const names = ['cpu', 'limits.cpu', 'pods', 'requests.ephemeral-storage']
    expect(podEvaluator.problem?.(names, pod({ containers }))).toBe(
      'must specify cpu for: b,c; limits.cpu for: a,b',
    )
    const whole = pod({ containers, resources: { requests: { cpu: '1' } } })
    expect(podEvaluator.problem?.(names, whole)).toBeUndefined()
  })
})

test.each([
  [{ type: 'ClusterIP', ports: [{ port: 1 }] }, 0, 0],
  [{ type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] }, 2, 0],
  [{ type: 'LoadBalancer', ports: [{ port: 1 }] }, 1, 1],
  [
    {
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: false,
      ports: [{ port: 1 }, { port: 2, nodePort: 30000 }],
    },
    1,
    1,
  ],
])('serviceEvaluator counts %j', (spec, nodePorts, loadBalancers) => {
  expect(listOf(serviceEvaluator.usage({ spec }, nowMs))).toEqual({
    'count/services': '1',
    services: '1',
    'services.nodeports': String(nodePorts),
    'services.loadbalancers': String(loadBalancers),
  })
})

describe('volumeClaimEvaluator', () => {
  const claim = (storage: string, status: core.v1.PersistentVolumeClaimStatus = {}) => ({
    spec: { storageClassName: 'gold', resources: { requests: { storage } } },
    status,
  })

  test('counts whole bytes, in all and of the class', () => {
    expect(listOf(volumeClaimEvaluator.usage(claim('1500m'), nowMs))).toEqual({
      'count/persistentvolumeclaims': '1',
      persistentvolumeclaims: '1',
      'requests.storage': '2',
      'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'gold.storageclass.storage.k8s.io/requests.storage': '2',
    })
    const grown = claim('1Gi', { allocatedResources: { storage: '2Gi' } })
    expect(listOf(volumeClaimEvaluator.usage(grown, nowMs))).toMatchObject({ 'requests.storage': '2Gi' })
    expect(volumeClaimEvaluator.frees?.(grown, claim('1Gi'))).toBe(true)
  })

  test('goes by every attribute class that the claim has to do with', () => {
    const changing = claim('1', {
      currentVolumeAttributesClassName: 'slow',
      modifyVolumeStatus: { status: 'Pending', targetVolumeAttributesClassName: 'fast' },
    })
    const wants = (values: string[]) => ({ scopeName: 'VolumeAttributesClass', operator: 'In', values })
    expect(volumeClaimEvaluator.matchesScope?.(wants(['fast']), changing)).toBe(true)
    expect(volumeClaimEvaluator.matchesScope?.(wants(['slow']), changing)).toBe(true)
    expect(volumeClaimEvaluator.matchesScope?.(wants(['other']), changing)).toBe(false)
  })
})

describe('deviceClaimEvaluator()', () => {
  const gpu: resource.v1.DeviceClass = {
    metadata: { name: 'gpu' },
    spec: { extendedResourceName: 'example.com/gpu' },
  }
  const exactly = (count: number) => ({
    deviceClassName: 'gpu',
    allocationMode: 'ExactCount',
    count,
  })
  const claim = (
    requests: resource.v1.DeviceRequest[],
    metadata: object = {},
  ): resource.v1.ResourceClaim => ({
    metadata: { name: 'c', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { devices: { requests } },
  })

  test('counts the most that requests and their alternatives may get', () => {
    const evaluator = deviceClaimEvaluator(noDevices)
    const one = claim([
      { name: 'a', exactly: exactly(2) },
      {
        name: 'b',
        firstAvailable: [
          { name: 'x', ...exactly(1) },
          { name: 'y', deviceClassName: 'gpu', allocationMode: 'All' },
        ],
      },
    ])
    expect(listOf(evaluator.usage(one, nowMs))).toEqual({
      'count/resourceclaims.resource.k8s.io': '1',
      'gpu.deviceclass.resource.k8s.io/devices': '34',
      'requests.deviceclass.resource.kubernetes.io/gpu': '34',
    })
  })

  test('does not count again what the pod is charged for', () => {
    const owner = {
      metadata: { name: 'p', namespace: 'default', uid: 'u' },
      ...pod({ containers: [container('a', { 'example.com/gpu': '2' })] }),
    }
    const evaluator = deviceClaimEvaluator({ ...noDevices, classes: () => [gpu], pod: () => owner })
    const made = claim([{ name: 'a', exactly: exactly(3) }], {
      annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }],
    })
    expect(listOf(evaluator.usage(made, nowMs))).toMatchObject({ 'requests.example.com/gpu': '1' })
    expect(evaluator.counts('requests.example.com/gpu')).toBe(true)
    expect(evaluator.counts('requests.example.com/tpu')).toBe(false)
  })
})

test('objectCount() counts under the old name as well where there is one', () => {
  expect(listOf(objectCount('', 'secrets').usage({}, nowMs))).toEqual({ 'count/secrets': '1', secrets: '1' })
  expect(listOf(objectCount('apps', 'deployments').usage({}, nowMs))).toEqual({
    'count/deployments.apps': '1',
  })
})

test('evaluatorOf() never counts events', () => {
  const special = specialEvaluators(noDevices)
  expect(evaluatorOf(special, 'events.k8s.io', 'events')).toBeUndefined()
  expect(evaluatorOf(special, 'test.example', 'groves')?.counts('count/groves.test.example')).toBe(true)
})

test('meets() takes an absent value as a selector does', () => {
  expect(meets({ scopeName: 's', operator: 'NotIn', values: ['a'] }, undefined)).toBe(true)
  expect(meets({ scopeName: 's', operator: 'In', values: ['a'] }, undefined)).toBe(false)
})
