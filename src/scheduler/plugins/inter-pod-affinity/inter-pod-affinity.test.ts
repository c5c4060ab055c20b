import { describe, expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { nodeChangeMayHelp, podChangeMayHelp } from './affinity-hints.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { MatchIndex } from './match-index.ts'

const to = (app: string, topologyKey = 'zone'): core.v1.PodAffinityTerm => ({
  topologyKey,
  labelSelector: { matchLabels: { app } },
})
const near = (app: string): core.v1.Affinity => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [to(app)] },
})
const far = (app: string, topologyKey = 'zone'): core.v1.Affinity => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [to(app, topologyKey)] },
})
const pod = (app: string, affinity?: core.v1.Affinity, nodeName?: string): core.v1.Pod => ({
  metadata: { name: app, uid: `${app} on ${nodeName}`, namespace: 'n', labels: { app } },
  spec: { containers: [], ...(affinity ? { affinity } : {}), ...(nodeName ? { nodeName } : {}) },
})
const node = (name: string, zone?: string): core.v1.Node => ({
  metadata: { name, labels: { host: name, ...(zone ? { zone } : {}) } },
})

function tableOf(...pods: readonly core.v1.Pod[]): NodeTable {
  const table = new NodeTable()
  for (const each of [node('a1', 'a'), node('a2', 'a'), node('b1', 'b'), node('bare')]) table.setNode(each)
  for (const each of pods) table.addPod(each.spec?.nodeName ?? '', makePodInfo(each))
  return table
}

const friendless = "node(s) didn't match pod affinity rules"
const foe = "node(s) didn't match pod anti-affinity rules"
const unwelcome = "node(s) didn't satisfy existing pods anti-affinity rules"

describe('interPodAffinity()', () => {
  test.each<[string, NodeTable, core.v1.Pod, Record<string, string>]>([
    ['leaves alone pods that nobody has terms for', tableOf(pod('web', undefined, 'a1')), pod('db'), {}],
    [
      'brings a pod to those that it wants to be near',
      tableOf(pod('web', undefined, 'a1')),
      pod('db', near('web')),
      { b1: friendless, bare: friendless },
    ],
    [
      'lets the first of pods that want each other go where the label is',
      tableOf(),
      pod('web', near('web')),
      { bare: friendless },
    ],
    [
      'does not, for one that wants others',
      tableOf(),
      pod('web', near('db')),
      { a1: friendless, a2: friendless, b1: friendless, bare: friendless },
    ],
    [
      'keeps a pod from those that it avoids',
      tableOf(pod('web', undefined, 'a1')),
      pod('web', far('web')),
      { a1: foe, a2: foe },
    ],
    [
      'keeps those away that pods there avoid',
      tableOf(pod('web', far('db'), 'a1')),
      pod('db'),
      { a1: unwelcome, a2: unwelcome },
    ],
    ['on one node alone', tableOf(pod('web', far('db', 'host'), 'a1')), pod('db'), { a1: unwelcome }],
  ])('%s', (_name, table, wanted, expected) => {
    const result = interPodAffinity(pluginContext({ table })).preFilter?.(makePodInfo(wanted))
    const refused = table.nodes.flatMap((each) => {
      const refusal = result?.type === 'filter' ? result.filter(each) : undefined
      return refusal ? [[each.name, refusal.reasons.join()]] : []
    })
    expect(Object.fromEntries(refused)).toEqual(expected)
  })

  test('does not score for others the pods without preferences when told so', () => {
    const prefers: core.v1.Affinity = {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: to('db') }],
      },
    }
    const table = tableOf(pod('web', prefers, 'a1'))
    const scored = (ignorePreferredTermsOfExistingPods: boolean) =>
      interPodAffinity(pluginContext({ table }), { ignorePreferredTermsOfExistingPods }).preScore?.(
        makePodInfo(pod('db')),
        table.nodes,
      ).type
    expect([scored(false), scored(true)]).toEqual(['score', 'skip'])
  })
})

describe('podChangeMayHelp()', () => {
  const matches = new MatchIndex(new NodeTable(), pluginContext().informers)
  const friend = pod('web', undefined, 'a1')
  const other = pod('db', undefined, 'a1')
  test.each([
    ['a friend came', near('web'), friend, undefined, true],
    ['somebody came', near('web'), other, undefined, false],
    ['a friend came that has no node', near('web'), pod('web'), undefined, false],
    ['somebody became a friend', near('web'), friend, other, true],
    ['a foe became somebody', far('web'), other, friend, true],
    ['a foe left', far('web'), undefined, friend, true],
    ['a friend left', near('web'), undefined, friend, false],
    ['one left that avoided it', undefined, undefined, pod('web', far('waiting'), 'a1'), true],
  ])('%s', (_name, affinity, now, old, expected) => {
    const waiting = makePodInfo(pod('waiting', affinity))
    expect(podChangeMayHelp(waiting, (term, one) => matches.matches(term, one), now, old)).toBe(expected)
  })
})

describe('nodeChangeMayHelp()', () => {
  test.each([
    ['a node came with the label of an affinity', near('web'), node('n', 'a'), undefined, true],
    ['a node came without it', near('web'), node('n'), undefined, false],
    ['a node got it', near('web'), node('n', 'a'), node('n'), true],
    ['a node moved', near('web'), node('n', 'a'), node('n', 'b'), true],
    ['a node lost it', near('web'), node('n'), node('n', 'a'), false],
    ['any node came for an anti-affinity', far('web'), node('n'), undefined, true],
    ['a node lost the label of an anti-affinity', far('web'), node('n'), node('n', 'a'), true],
    ['a node got the label of an anti-affinity', far('web'), node('n', 'a'), node('n'), false],
    ['nothing that matters changed', far('web'), node('n', 'a'), node('n', 'a'), false],
  ])('%s', (_name, affinity, now, old, expected) => {
    expect(nodeChangeMayHelp(makePodInfo(pod('waiting', affinity)), now, old)).toBe(expected)
  })
})
