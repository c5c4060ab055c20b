import { expect, test } from 'vitest'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { statusError } from '../../../apimachinery/status-error.ts'
import { createClient } from '../../../client/create-client.ts'
import { FakeApi, failWith } from '../../../client/testing/fake-api.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import type { PluginContext, PreFilterResult } from '../../framework.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { dynamicResources } from './dynamic-resources.ts'

const claim = (
  name: string,
  status: resource.v1.ResourceClaimStatus = {},
  deviceClassName = 'any',
): resource.v1.ResourceClaim => ({
  metadata: { name, uid: name, namespace: 'd' },
  spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName } }] } },
  status,
})
const pod = (uid: string, ...claims: readonly core.v1.PodResourceClaim[]) =>
  makePodInfo({
    metadata: { name: uid, uid, namespace: 'd' },
    spec: { containers: [], resourceClaims: claims },
  })
const named = (name: string): core.v1.PodResourceClaim => ({ name, resourceClaimName: name })

/** One device on n1; what claims there are. */
function world(...claims: readonly resource.v1.ResourceClaim[]) {
  return worldWith({}, ...claims)
}

function worldWith(parts: Partial<PluginContext>, ...claims: readonly resource.v1.ResourceClaim[]) {
  const table = new NodeTable()
  for (const name of ['n1', 'n2']) table.setNode({ metadata: { name } })
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 }
  const informers = new FixedInformers()
    .set(DeviceClass, { metadata: { name: 'any' }, spec: {} })
    .set(ResourceSlice, {
      metadata: { name: 's' },
      spec: { driver: 'x', nodeName: 'n1', pool, devices: [{ name: 'g' }] },
    })
    .set(ResourceClaim, ...claims)
  const plugin = dynamicResources({ ...pluginContext({ table, informers }), ...parts })
  const shown = (result: PreFilterResult | undefined) => {
    if (result?.type === 'reject') return result.rejection.reasons.join()
    return result?.type === 'filter'
      ? table.nodes.map((node) => result.filter(node)?.reasons.join() ?? '')
      : result?.type
  }
  return { informers, plugin, shown }
}

/** Those alone who ask are told. */
const unanswered = (seen: resource.v1.ResourceClaim) => {
  const host = testHost()
  const api = new FakeApi(host)
  api.interceptors.push(({ method }) =>
    method === 'GET' ? seen : failWith(statusError('ServiceUnavailable', 'the answer is lost')),
  )
  return { host, client: createClient(api) }
}

const on = (node: string): resource.v1.AllocationResult => ({
  devices: { results: [{ request: 'r', driver: 'x', pool: 'p', device: 'g' }] },
  nodeSelector: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
  },
})
const no = 'cannot allocate all claims'

test.each([
  ['passes over pods without claims', pod('p'), 'skip'],
  ['finds the node with the device', pod('p', named('c')), ['', no]],
  ['goes where the claim is', pod('p', named('there')), ['resourceclaim not available on the node', '']],
  ['waits for a claim', pod('p', named('none')), 'resourceclaim.resource.k8s.io "none" not found'],
  [
    'waits for a claim to be made',
    pod('p', { name: 't', resourceClaimTemplateName: 't' }),
    'pod "d/p": ResourceClaim not created yet',
  ],
  ['waits for a class', pod('p', named('odd')), 'request r: device class odd does not exist'],
])('dynamicResources() %s', (_name, given, expected) => {
  const elsewhere = { devices: { results: [] }, nodeSelector: on('n2').nodeSelector }
  const there = claim('there', { allocation: elsewhere as resource.v1.AllocationResult })
  const { plugin, shown } = world(claim('c'), there, claim('odd', {}, 'odd'))
  expect(shown(plugin.preFilter?.(given))).toEqual(expected)
})

test('dynamicResources() counts a decision until it is taken back, or the claim shows it', () => {
  const { informers, plugin, shown } = world(claim('c'), claim('d'))
  const [first, second] = [pod('p', named('c')), pod('q', named('d'))]
  const attempt = plugin.preFilter?.(first)
  expect(shown(attempt)).toEqual(['', no])
  if (attempt?.type !== 'filter') throw new Error('it has a claim')
  attempt.reserve?.(first, 'n1')
  expect(shown(plugin.preFilter?.(second))).toEqual([no, no])
  expect(shown(plugin.preFilter?.(pod('r', named('c'))))).toBe(
    'resource claim d/c is in the process of being allocated',
  )
  attempt.unreserve?.(first, 'n1')
  expect(shown(plugin.preFilter?.(second))).toEqual(['', no])
  informers.set(ResourceClaim, claim('c', { allocation: on('n1') }))
  expect(shown(plugin.preFilter?.(second))).toEqual([no, no])
  informers.remove(ResourceClaim, claim('c', { allocation: on('n1') }))
  expect(shown(plugin.preFilter?.(second))).toEqual(['', no])
})

test.each([
  ['keeps devices for a claim that was written though the answer was lost', true, [no, no], 0],
  ['gives devices back that were not written', false, ['', no], 1],
])('dynamicResources() %s', async (_name, written, expected, told) => {
  const events: unknown[] = []
  const { host, client } = unanswered(claim('c', written ? { allocation: on('n1') } : {}))
  const parts = { host, client, requeue: (event: unknown) => void events.push(event) }
  const { plugin, shown } = worldWith(parts, claim('c'), claim('d'))
  const [first, second] = [pod('p', named('c')), pod('q', named('d'))]
  const attempt = plugin.preFilter?.(first)
  expect(shown(attempt)).toEqual(['', no])
  if (attempt?.type !== 'filter') throw new Error('it has a claim')
  attempt.reserve?.(first, 'n1')
  const binding = attempt.preBind?.(first, 'n1', new AbortController().signal).catch(() => {})
  await host.advance(10)
  await binding
  attempt.unreserve?.(first, 'n1')
  expect(shown(plugin.preFilter?.(second))).toEqual([no, no])
  await host.advance(10)
  expect(shown(plugin.preFilter?.(second))).toEqual(expected)
  expect(events).toHaveLength(told)
})
