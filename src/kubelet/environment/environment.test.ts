import { describe, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { containerEnvironment, type ReferencedObjects } from './environment.ts'
import { expand } from './expand.ts'
import { fieldValue, resourceValue } from './field-reference.ts'
import { serviceVariables } from './service-variables.ts'

const pod: core.v1.Pod = {
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u1',
    labels: { app: 'web', tier: 'front "end"' },
    annotations: { note: 'a\nb' },
  },
  spec: { nodeName: 'n1', serviceAccountName: 'sa', containers: [] },
}
const place = {
  hostIps: ['10.0.0.1'],
  podIps: ['10.244.0.5', 'fd00::5'],
  allocatable: { cpu: '4', memory: '8Gi' },
}
const container: core.v1.Container = {
  name: 'main',
  resources: { limits: { cpu: '1500m' }, requests: { cpu: '250m', memory: '64Mi' } },
}

test.each([
  ['$(A) and $(B)', 'one and two'],
  ['$(MISSING)', '$(MISSING)'],
  ['$$(A)', '$(A)'],
  ['$A $( A', '$A $( A'],
  ['$$$(A)', '$one'],
])('expand() makes %j into %j', (text, wanted) => {
  const values = new Map([
    ['A', 'one'],
    ['B', 'two'],
  ])
  expect(expand(text, (name) => values.get(name))).toBe(wanted)
})

test.each([
  ['metadata.name', 'web'],
  ['metadata.labels', 'app="web"\ntier="front \\"end\\""'],
  ["metadata.labels['app']", 'web'],
  ["metadata.annotations['note']", 'a\nb'],
  ["metadata.annotations['none']", ''],
  ['spec.nodeName', 'n1'],
  ['status.podIP', '10.244.0.5'],
  ['status.podIPs', '10.244.0.5,fd00::5'],
  ['status.hostIP', '10.0.0.1'],
])('fieldValue() reads %s', (path, wanted) => {
  expect(fieldValue(pod, path, place)).toBe(wanted)
})

test('fieldValue() refuses other paths', () => {
  expect(() => fieldValue(pod, 'spec.schedulerName', place)).toThrow(
    'unsupported fieldPath: spec.schedulerName',
  )
})

test.each([
  ['limits.cpu', undefined, '2'],
  ['limits.cpu', '1m', '1500'],
  ['requests.cpu', '1m', '250'],
  ['requests.memory', '1Mi', '64'],
  ['limits.memory', '1Gi', '8'],
  ['requests.ephemeral-storage', undefined, '0'],
])('resourceValue() reads %s in units of %s', (resource, divisor, wanted) => {
  const reference = { resource, ...(divisor === undefined ? {} : { divisor }) }
  expect(resourceValue(reference, pod, container, place)).toBe(wanted)
})

test('resourceValue() has the limits of the pod as a whole before those of the node', () => {
  const limits = { cpu: '3', memory: '0', 'ephemeral-storage': '1Gi' }
  const whole = { ...pod, spec: { containers: [], ...pod.spec, resources: { limits } } }
  const bare: core.v1.Container = { name: 'bare' }
  const read = (resource: string) => resourceValue({ resource }, whole, bare, place)
  expect([read('limits.cpu'), read('limits.memory'), read('requests.cpu')]).toEqual([
    ...['3', String(8 * 2 ** 30), '0'],
  ])
  expect(resourceValue({ resource: 'limits.cpu' }, whole, container, place)).toBe('2')
})

const service = (name: string, namespace: string, clusterIP: string): core.v1.Service => ({
  metadata: { name, namespace },
  spec: {
    clusterIP,
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  },
})

test('serviceVariables() names each service of the namespace, and the API server always', () => {
  const services = [
    service('kubernetes', 'default', '10.96.0.1'),
    service('my-db', 'shop', '10.96.0.7'),
    service('headless', 'shop', 'None'),
    service('other', 'elsewhere', '10.96.0.9'),
  ]
  const variables = serviceVariables(services, 'shop', true)
  expect(variables.get('MY_DB_SERVICE_HOST')).toBe('10.96.0.7')
  expect(variables.get('MY_DB_SERVICE_PORT')).toBe('80')
  expect(variables.get('MY_DB_SERVICE_PORT_DNS')).toBe('53')
  expect(variables.get('MY_DB_PORT')).toBe('tcp://10.96.0.7:80')
  expect(variables.get('MY_DB_PORT_53_UDP')).toBe('udp://10.96.0.7:53')
  expect(variables.get('KUBERNETES_SERVICE_HOST')).toBe('10.96.0.1')
  expect([...variables.keys()].filter((name) => /OTHER|HEADLESS/.test(name))).toEqual([])
  expect([...serviceVariables(services, 'shop', false).keys()].some((name) => name.startsWith('MY_DB'))).toBe(
    false,
  )
})

describe('containerEnvironment()', () => {
  const objects: ReferencedObjects = {
    configMap: async (_, name) =>
      name === 'settings' ? { data: { colour: 'green', SIZE: 'L' } } : undefined,
    secret: async (_, name) => (name === 'keys' ? { data: { key: btoa('swordfish') } } : undefined),
  }
  const make = (own: Partial<core.v1.Container>): Promise<ReadonlyMap<string, string>> =>
    containerEnvironment({
      pod,
      container: { ...container, ...own },
      place,
      objects,
      services: new Map([['DB_SERVICE_HOST', '10.96.0.7']]),
      fileVariable: async () => undefined,
    })

  test('puts sources together; later ones win, references see what came before', async () => {
    const environment = await make({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }],
      env: [
        { name: 'URL', value: 'http://$(DB_SERVICE_HOST)/$(P_SIZE)' },
        { name: 'P_SIZE', value: 'XL' },
        { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
        { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } },
        { name: 'EMPTY' },
        { name: 'SKIPPED', valueFrom: { configMapKeyRef: { name: 'none', key: 'x', optional: true } } },
      ],
    })
    expect(Object.fromEntries(environment)).toEqual({
      P_colour: 'green',
      P_SIZE: 'XL',
      key: 'swordfish',
      URL: 'http://10.96.0.7/L',
      COLOUR: 'green',
      KEY: 'swordfish',
      EMPTY: '',
      DB_SERVICE_HOST: '10.96.0.7',
    })
  })

  test.each<[Partial<core.v1.Container>, string]>([
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'nope' } } }] },
      "couldn't find key nope in ConfigMap shop/settings",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'nope' } } }] },
      "couldn't find key nope in Secret shop/keys",
    ],
  ])('says what is missing (%#)', async (own, message) => {
    await expect(make(own)).rejects.toThrow(message)
  })
})
