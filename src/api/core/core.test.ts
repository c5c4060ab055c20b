import { describe, expect, test } from 'vitest'
import { defaultFeatures } from '../feature-gates.ts'
import { changeRejections, created, rejections } from '../testing/rejections.ts'
import { ConfigMap } from './config-map/kind.ts'
import { Endpoints } from './endpoints/kind.ts'
import { LimitRange } from './limit-range/kind.ts'
import { Namespace } from './namespace/kind.ts'
import { Node } from './node/kind.ts'
import { PersistentVolume } from './persistent-volume/kind.ts'
import { PersistentVolumeClaim } from './persistent-volume-claim/kind.ts'
import { ReplicationController } from './replication-controller/kind.ts'
import { ResourceQuota } from './resource-quota/kind.ts'
import { Secret } from './secret/kind.ts'
import { ServiceAccount } from './service-account/kind.ts'

const metadata = { name: 'x', namespace: 'default' }

describe('ConfigMap.validate()', () => {
  test('refuses keys that are no file names', () => {
    expect(rejections(ConfigMap, { metadata, data: { 'a b': '' } })).toEqual([
      `data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    ])
  })
  test('refuses more than a mebibyte', () => {
    const data = { a: 'x'.repeat(1024 * 1024 + 1) }
    expect(rejections(ConfigMap, { metadata, data })).toEqual([
      '[]: Too long: may not be more than 1048576 bytes',
    ])
  })
  test('keeps what is immutable', () => {
    const before = { metadata, immutable: true, data: { a: '1' } }
    expect(changeRejections(ConfigMap, before, () => ({ metadata, data: { a: '2' } }))).toEqual([
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ])
  })
})

describe('Secret', () => {
  test('defaults() turns text into data', () => {
    expect(created(Secret, { metadata, stringData: { a: 'grüß' }, data: { a: 'eA==', b: 'eQ==' } })).toEqual({
      metadata,
      type: 'Opaque',
      data: { a: 'Z3LDvMOf', b: 'eQ==' },
    })
  })
  test('validate() wants what a type needs', () => {
    expect(rejections(Secret, { metadata, type: 'kubernetes.io/tls' })).toEqual([
      'data[tls.crt]: Required value',
      'data[tls.key]: Required value',
    ])
  })
  test('validate() keeps the type', () => {
    expect(changeRejections(Secret, { metadata }, () => ({ metadata, type: 'x' }))).toEqual([
      'type: Invalid value: "x": field is immutable',
    ])
  })
})

test('Namespace.prepareForCreate() makes it known by label and kept by finalizer', () => {
  expect(created(Namespace, { metadata: { name: 'team' } })).toEqual({
    metadata: { name: 'team', labels: { 'kubernetes.io/metadata.name': 'team' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  })
})

test('ServiceAccount.prepareForCreate() keeps names of secrets alone', () => {
  const secrets = [{ name: 'a', namespace: 'other' }]
  expect(created(ServiceAccount, { metadata, secrets }).secrets).toEqual([{ name: 'a' }])
})

test('Node.validate() refuses taints twice', () => {
  const taint = { key: 'a', effect: 'NoSchedule' }
  expect(rejections(Node, { metadata: { name: 'n' }, spec: { taints: [taint, taint] } })).toEqual([
    'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
  ])
})

test('Endpoints.validate() wants addresses that can be reached', () => {
  const subsets = [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 0 }] }, {}]
  expect(rejections(Endpoints, { metadata, subsets })).toEqual([
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'subsets[1]: Required value: must specify `addresses` or `notReadyAddresses`',
  ])
})

describe('LimitRange', () => {
  test('defaults() derives limits and requests of containers', () => {
    const limits = [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '100m', memory: '1Mi' } }]
    expect(created(LimitRange, { metadata, spec: { limits } }).spec?.limits?.[0]).toMatchObject({
      default: { cpu: '2' },
      defaultRequest: { cpu: '2', memory: '1Mi' },
    })
  })
  test('validate() wants an order', () => {
    const limits = [{ type: 'Pod', max: { cpu: '1' }, min: { cpu: '2' } }]
    expect(rejections(LimitRange, { metadata, spec: { limits } })).toEqual([
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    ])
  })
})

test('ResourceQuota.validate() knows resources and scopes', () => {
  const spec = { hard: { cpus: '1', pods: '1500m' }, scopes: ['BestEffort', 'NotBestEffort'] }
  expect(rejections(ResourceQuota, { metadata, spec })).toEqual([
    'spec.hard[cpus]: Invalid value: "cpus": must be a standard resource type or fully qualified',
    'spec.hard[cpus]: Invalid value: "cpus": must be a standard resource for quota',
    'spec.hard[pods]: Invalid value: "1500m": must be an integer',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
  ])
})

test('ReplicationController.defaults() takes its labels from the template', () => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const made = created(ReplicationController, { metadata, spec: { template } })
  expect([made.metadata?.labels, made.spec?.selector, made.spec?.replicas]).toEqual([
    { a: 'b' },
    { a: 'b' },
    1,
  ])
  expect(rejections(ReplicationController, { metadata, spec: { template } })).toEqual([])
})

describe('PersistentVolume.validate()', () => {
  const hostPath = { path: '/data' }
  const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } }
  test('wants one source', () => {
    const volume = { metadata: { name: 'v' }, spec: { ...spec, hostPath, nfs: { server: 's', path: '/' } } }
    expect(rejections(PersistentVolume, volume)).toEqual([
      'spec.nfs: Forbidden: may not specify more than 1 volume type',
    ])
    expect(rejections(PersistentVolume, { metadata: { name: 'v' }, spec })).toEqual([
      'spec: Required value: must specify a volume type',
    ])
  })
  test('keeps the source', () => {
    const volume = { metadata: { name: 'v' }, spec: { ...spec, hostPath } }
    const moved = { ...volume, spec: { ...spec, hostPath: { path: '/other' } } }
    expect(changeRejections(PersistentVolume, volume, () => moved).join()).toMatch(
      /^spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation\n/,
    )
  })
})

describe('PersistentVolumeClaim.validate()', () => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } }
  test('wants modes and a size', () => {
    expect(rejections(PersistentVolumeClaim, { metadata, spec: {} })).toEqual([
      'spec.accessModes: Required value: at least 1 access mode is required',
      'spec.resources[storage]: Required value',
    ])
  })
  test('lets bound claims grow and no other', () => {
    const grown = { ...spec, resources: { requests: { storage: '3Gi' } } }
    expect(
      changeRejections(PersistentVolumeClaim, { metadata, spec }, (old) => ({ ...old, spec: grown })).join(),
    ).toMatch(/^spec: Forbidden: spec is immutable after creation except resources\.requests/)
    const named = { ...grown, volumeName: 'v' }
    expect(
      changeRejections(PersistentVolumeClaim, { metadata, spec }, (old) => ({ ...old, spec: named })).join(),
    ).toContain(' "volumeName": "v"')
    const bound = created(PersistentVolumeClaim, { metadata, spec })
    const old = { ...bound, status: { phase: 'Bound', capacity: { storage: '2Gi' } } }
    const context = { nowMs: 0, features: defaultFeatures, subresource: '' }
    const next = { ...old, spec: { ...old.spec, ...grown } }
    expect(PersistentVolumeClaim.validate(next, old, context)).toEqual([])
    const shrunk = { ...old, spec: { ...old.spec, resources: { requests: { storage: '1Gi' } } } }
    expect(PersistentVolumeClaim.validate(shrunk, old, context)).toEqual([
      {
        reason: 'FieldValueForbidden',
        field: 'spec.resources.requests.storage',
        message: 'Forbidden: field can not be less than status.capacity',
      },
    ])
  })
})
