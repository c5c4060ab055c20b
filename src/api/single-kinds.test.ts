import { expect, test } from 'vitest'
import { APIService } from './apiregistration/api-service/kind.ts'
import { DaemonSet } from './apps/daemon-set/kind.ts'
import { Lease } from './coordination/lease/kind.ts'
import { EndpointSlice } from './discovery/endpoint-slice/kind.ts'
import { defaultFeatures } from './feature-gates.ts'
import { RuntimeClass } from './node/runtime-class/kind.ts'
import { PodDisruptionBudget } from './policy/pod-disruption-budget/kind.ts'
import { PriorityClass } from './scheduling/priority-class/kind.ts'
import { changeRejections, created, rejections } from './testing/rejections.ts'

const metadata = { name: 'x', namespace: 'default' }

test('PodDisruptionBudget.validate() wants one of two limits', () => {
  expect(
    rejections(PodDisruptionBudget, { metadata, spec: { minAvailable: 1, maxUnavailable: '150%' } }),
  ).toEqual([
    'spec: Invalid value: {"minAvailable":1,"maxUnavailable":"150%"}: minAvailable and maxUnavailable cannot be both set',
    'spec.maxUnavailable: Invalid value: "150%": must not be greater than 100%',
  ])
})

test("PriorityClass.validate() reserves what is high and what is the system's", () => {
  expect(rejections(PriorityClass, { metadata: { name: 'high' }, value: 2_000_000_000 })).toEqual([
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ])
  expect(rejections(PriorityClass, { metadata: { name: 'system-x' }, value: 1 })).toEqual([
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class",
  ])
  const changed = { metadata: { name: 'a' }, value: 2 }
  expect(changeRejections(PriorityClass, { metadata: { name: 'a' }, value: 1 }, () => changed)).toEqual([
    'value: Forbidden: may not be changed in an update.',
  ])
})

test('RuntimeClass.validate() wants a handler and keeps it', () => {
  expect(rejections(RuntimeClass, { metadata: { name: 'r' }, handler: '' })).toEqual([
    'handler: Required value',
  ])
  const changed = { metadata: { name: 'r' }, handler: 'b' }
  expect(changeRejections(RuntimeClass, { metadata: { name: 'r' }, handler: 'a' }, () => changed)).toEqual([
    'handler: Invalid value: "b": field is immutable',
  ])
})

test('Lease.validate() wants a duration', () => {
  expect(rejections(Lease, { metadata, spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } })).toEqual([
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
  ])
})

test('EndpointSlice.validate() wants addresses of its type', () => {
  const slice = {
    metadata,
    addressType: 'IPv4',
    endpoints: [{ addresses: ['2001:db8::1'] }, { addresses: [] }],
    ports: [{ port: 80 }, { port: 81 }],
  }
  expect(rejections(EndpointSlice, slice)).toEqual([
    'ports[1].name: Duplicate value: ""',
    'endpoints[0].addresses: Invalid value: "2001:db8::1": must be an IPv4 address',
    'endpoints[1].addresses: Required value: must contain at least 1 address',
  ])
})

test('EndpointSlice.prepareForUpdate() counts labels as content', () => {
  const old = created(EndpointSlice, { metadata: { ...metadata, generation: 1 }, addressType: 'IPv4' })
  const labelled = { ...old, metadata: { ...old.metadata, labels: { a: 'b' } } }
  const context = { nowMs: 0, features: defaultFeatures, subresource: '' }
  expect(EndpointSlice.prepareForUpdate(labelled, old, context).metadata?.generation).toBe(2)
})

test('APIService is available at once where it is ours', () => {
  const spec = { group: 'apps', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 }
  expect(created(APIService, { metadata: { name: 'v1.apps' }, spec }).status?.conditions).toMatchObject([
    { type: 'Available', status: 'True', reason: 'Local' },
  ])
  expect(rejections(APIService, { metadata: { name: 'apps' }, spec })).toEqual([
    'metadata.name: Invalid value: "apps": must be `spec.version+"."+spec.group`: "v1.apps"',
  ])
})

test('DaemonSet counts changes of its template', () => {
  const template = (image: string) => ({
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image }] },
  })
  const daemonSet = (image: string) => ({
    metadata,
    spec: { selector: { matchLabels: { a: 'b' } }, template: template(image) },
  })
  const annotation = 'deprecated.daemonset.template.generation'
  const old = created(DaemonSet, daemonSet('one'))
  expect(old.metadata?.annotations?.[annotation]).toBe('1')
  const next = DaemonSet.prepareForUpdate(DaemonSet.defaults(daemonSet('two')), old, {
    nowMs: 0,
    features: defaultFeatures,
    subresource: '',
  })
  expect(next.metadata?.annotations?.[annotation]).toBe('2')
  expect(DaemonSet.partialMetadata?.(next.metadata ?? {})).not.toHaveProperty('annotations')
})
