import { expect, test } from 'vitest'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { type MirrorPlan, planMirror } from './plan-mirror.ts'

const endpoints = (
  subsets: readonly core.v1.EndpointSubset[],
  metadata: Partial<core.v1.Endpoints['metadata']> = {},
): core.v1.Endpoints => ({ metadata: { name: 'db', namespace: 'default', uid: 'u1', ...metadata }, subsets })

const port = (number: number, name = 'sql'): core.v1.EndpointPort => ({ name, port: number, protocol: 'TCP' })

const addresses = (...ips: readonly string[]) => ips.map((ip) => ({ ip }))

const inSlice = ({ metadata, addressType, endpoints: held, ports }: discovery.v1.EndpointSlice) =>
  `${metadata?.name ?? metadata?.generateName} ${addressType} ${ports?.map((one) => one.port)}: ${(held ?? []).map((one) => `${one.addresses[0]}${one.conditions?.ready ? '' : '!'}`)}`

const summary = ({ create, update, remove }: MirrorPlan) => ({
  create: create.map(inSlice),
  update: update.map(inSlice),
  remove: remove.map(({ metadata }) => metadata?.name),
})

/** What the server makes of slices that are to be created. */
const stored = ({ create }: MirrorPlan): readonly discovery.v1.EndpointSlice[] =>
  create.map((slice, index) => ({ ...slice, metadata: { ...slice.metadata, name: `db-${index}` } }))

const plan = (
  wanted: core.v1.Endpoints,
  existing: readonly discovery.v1.EndpointSlice[] = [],
  max = 1_000,
): MirrorPlan => planMirror(wanted, existing, max)

test('planMirror() makes one slice for each address family and set of ports', () => {
  const wanted = endpoints([
    {
      addresses: addresses('10.0.0.1', 'fd00::1'),
      notReadyAddresses: addresses('10.0.0.2'),
      ports: [port(5432)],
    },
    { addresses: addresses('10.0.0.3'), ports: [port(5433)] },
  ])
  expect(summary(plan(wanted)).create).toEqual([
    'db- IPv4 5432: 10.0.0.1,10.0.0.2!',
    'db- IPv6 5432: fd00::1',
    'db- IPv4 5433: 10.0.0.3',
  ])
  expect(plan(wanted)).toMatchObject({ added: 4, updated: 0, removed: 0, skipped: 0, invalid: 0 })
})

test('planMirror() leaves alone what is as it should be', () => {
  const wanted = endpoints([{ addresses: addresses('10.0.0.1', 'fd00::1'), ports: [port(5432)] }], {
    labels: { team: 'data' },
    annotations: { note: 'x', 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' },
  })
  const slices = stored(plan(wanted))
  expect(slices[0]?.metadata).toMatchObject({
    labels: {
      team: 'data',
      'kubernetes.io/service-name': 'db',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    },
    annotations: { note: 'x' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'db', uid: 'u1', controller: true }],
  })
  expect(slices[0]?.metadata?.annotations).toEqual({ note: 'x' })
  expect(summary(plan(wanted, slices))).toEqual({ create: [], update: [], remove: [] })
})

test('planMirror() updates slices whose endpoints, labels, annotations or owner have changed', () => {
  const subsets = [{ addresses: addresses('10.0.0.1'), ports: [port(5432)] }]
  const slices = stored(plan(endpoints(subsets)))
  const changed: readonly core.v1.Endpoints[] = [
    endpoints([{ addresses: addresses('10.0.0.1', '10.0.0.2'), ports: [port(5432)] }]),
    endpoints([{ notReadyAddresses: addresses('10.0.0.1'), ports: [port(5432)] }]),
    endpoints(subsets, { labels: { team: 'data' } }),
    endpoints(subsets, { annotations: { note: 'x' } }),
    endpoints(subsets, { uid: 'u2' }),
  ]
  for (const wanted of changed) expect(summary(plan(wanted, slices)).update).toHaveLength(1)
})

test('planMirror() lets slices that would go take over what would be made', () => {
  const slices = stored(plan(endpoints([{ addresses: addresses('10.0.0.1'), ports: [port(5432)] }])))
  const wanted = endpoints([{ addresses: addresses('10.0.0.1'), ports: [port(6432)] }])
  expect(summary(plan(wanted, slices))).toEqual({
    create: [],
    update: ['db-0 IPv4 6432: 10.0.0.1'],
    remove: [],
  })
})

test('planMirror() removes slices without endpoints, and those that are one too many', () => {
  const wanted = endpoints([{ addresses: addresses('10.0.0.1', 'fd00::1'), ports: [port(5432)] }])
  const slices = stored(plan(wanted))
  const [first] = slices
  const twin = {
    ...first,
    addressType: 'IPv4',
    metadata: { ...first?.metadata, name: 'twin' },
    endpoints: [],
  }
  expect(summary(plan(wanted, [...slices, twin])).remove).toEqual(['twin'])
  expect(summary(plan(endpoints([]), slices)).remove).toEqual(['db-0', 'db-1'])
})

test('planMirror() counts what it leaves out', () => {
  const ips = addresses('10.0.0.1', 'no address', '10.0.0.2', '10.0.0.3')
  const wanted = endpoints([{ addresses: ips, ports: [port(5432)] }])
  const result = plan(wanted, [], 2)
  expect(summary(result).create).toEqual(['db- IPv4 5432: 10.0.0.1,10.0.0.2'])
  expect(result).toMatchObject({ skipped: 2, invalid: 0 })
  expect(plan(wanted)).toMatchObject({ skipped: 1, invalid: 1 })
})

test('planMirror() makes irregular addresses regular', () => {
  const wanted = endpoints([{ addresses: addresses('010.0.0.01', '::ffff:10.0.0.9'), ports: [] }])
  expect(summary(plan(wanted)).create).toEqual(['db- IPv4 : 10.0.0.1,10.0.0.9'])
})
