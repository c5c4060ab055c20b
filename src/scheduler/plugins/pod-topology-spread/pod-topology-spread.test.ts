import { describe, expect, test } from 'vitest'
import { ReplicaSet } from '../../../api/apps/replica-set/kind.ts'
import { Service } from '../../../api/core/service/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { type PodTopologySpreadArgs, podTopologySpread } from './pod-topology-spread.ts'

const zones = { a1: 'a', a2: 'a', b1: 'b', b2: 'b' }
const pod = (name: string, change: Partial<core.v1.PodSpec> = {}, version = '1'): core.v1.Pod => ({
  metadata: { name, uid: name, namespace: 'n', labels: { app: 'web', version } },
  spec: { containers: [], ...change },
})
const hard = (change: Partial<core.v1.TopologySpreadConstraint> = {}): core.v1.TopologySpreadConstraint => ({
  ...{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
  ...{ labelSelector: { matchLabels: { app: 'web' } } },
  ...change,
})

function tableOf(pods: Readonly<Record<string, number>>, bare: readonly string[] = []): NodeTable {
  const table = new NodeTable()
  const place = (name: string, labels: Record<string, string>): void => {
    table.setNode({ metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } } })
    for (let count = pods[name] ?? 0; count > 0; count--)
      table.addPod(name, makePodInfo(pod(`${name}-${count}`)))
  }
  for (const [name, zone] of Object.entries(zones)) place(name, { zone, 'topology.kubernetes.io/zone': zone })
  for (const name of bare) place(name, {})
  return table
}

function refusals(table: NodeTable, wanted: core.v1.Pod): Record<string, string> {
  const result = podTopologySpread(pluginContext({ table })).preFilter?.(makePodInfo(wanted))
  if (result?.type !== 'filter') return {}
  return Object.fromEntries(
    table.nodes.flatMap((node) => {
      const refusal = result.filter(node)
      return refusal ? [[node.name, refusal.reasons.join()]] : []
    }),
  )
}

const uneven = "node(s) didn't match pod topology spread constraints"
const unlabelled = `${uneven} (missing required label)`

describe('podTopologySpread() as filter', () => {
  const ask = (change: Partial<core.v1.TopologySpreadConstraint>, version = '1') =>
    pod('new', { topologySpreadConstraints: [hard(change)] }, version)
  test.each<[string, NodeTable, core.v1.Pod, Record<string, string>]>([
    ['admits all nodes of an even cluster', tableOf({ a1: 1, b2: 1 }), ask({}), {}],
    ['refuses the fuller zone', tableOf({ a1: 1 }), ask({}), { a1: uneven, a2: uneven }],
    ['bears the skew that is asked for', tableOf({ a1: 1 }), ask({ maxSkew: 2 }), {}],
    [
      'names nodes without the label',
      tableOf({ a1: 1 }, ['bare']),
      ask({ maxSkew: 2 }),
      { bare: unlabelled },
    ],
    [
      'takes the least for 0 where there are fewer domains than asked for',
      tableOf({ a1: 1, b1: 1 }),
      ask({ minDomains: 3 }),
      { a1: uneven, a2: uneven, b1: uneven, b2: uneven },
    ],
    [
      'counts only pods of the same value of a label key',
      tableOf({ a1: 1 }),
      ask({ matchLabelKeys: ['version'] }, '2'),
      {},
    ],
    [
      'leaves out nodes that its selector refuses',
      tableOf({ a1: 1 }),
      pod('new', { nodeSelector: { zone: 'a' }, topologySpreadConstraints: [hard()] }),
      {},
    ],
    [
      'counts them where it is told to ignore its selector',
      tableOf({ a1: 1 }),
      pod('new', {
        nodeSelector: { zone: 'a' },
        topologySpreadConstraints: [hard({ nodeAffinityPolicy: 'Ignore' })],
      }),
      { a1: uneven, a2: uneven },
    ],
  ])('%s', (_name, table, wanted, expected) => {
    expect(refusals(table, wanted)).toEqual(expected)
  })
})

describe('podTopologySpread() by default', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u', controller: true }
  const selector = { matchLabels: { app: 'web' } }
  const template = { metadata: {}, spec: { containers: [] } }
  const caches = () =>
    new FixedInformers()
      .set(ReplicaSet, { metadata: { name: 'web', namespace: 'n' }, spec: { selector, template } })
      .set(Service, { metadata: { name: 'web', namespace: 'n' }, spec: { selector: { version: '1' } } })
  const scores = (wanted: core.v1.Pod, args: PodTopologySpreadArgs = {}, informers = caches()) => {
    const table = tableOf({ a1: 2, a2: 1 }, ['bare'])
    const result = podTopologySpread(pluginContext({ table, informers }), args).preScore?.(
      makePodInfo(wanted),
      table.nodes,
    )
    if (result?.type !== 'score') return result?.type
    const all = Float64Array.from(table.nodes, result.score)
    result.normalize?.(all)
    return [...all]
  }
  const owned = (version = '1'): core.v1.Pod => {
    const made = pod('new', {}, version)
    return { ...made, metadata: { ...made.metadata, ownerReferences: [owner] } }
  }
  test.each([
    ['spreads what a ReplicaSet owns over hosts and zones', scores(owned()), [13, 26, 73, 73, 100]],
    ['spreads what a Service selects', scores(pod('new')), [13, 26, 73, 73, 100]],
    ['leaves alone what nobody selects', scores(pod('new', {}, '2')), 'skip'],
    ['leaves all alone with an empty list', scores(owned(), { defaultingType: 'List' }), 'skip'],
  ])('%s', (_name, result, expected) => {
    expect(result).toEqual(expected)
  })
})
