import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Namespace } from '../../../api/core/namespace/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { validLabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'
import type { PreFilterResult, PreScoreResult } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'

const nodeNames = fc.constantFrom('n1', 'n2', 'n3', 'n4')
const namespaces = ['red', 'blue', 'bare'] as const
const term = fc.record({
  topologyKey: fc.constantFrom('zone', 'host'),
  labelSelector: fc.constantFrom(undefined, {}, { matchLabels: { app: 'x' } }, { matchLabels: { app: 'y' } }),
  namespaces: fc.constantFrom(undefined, ['red'], ['blue', 'red']),
  namespaceSelector: fc.constantFrom(
    undefined,
    undefined,
    {},
    { matchLabels: { team: 'a' } },
    { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] },
  ),
})
const terms = fc.array(term, { maxLength: 2 })
const weighted = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 100 }), podAffinityTerm: term }), {
  maxLength: 2,
})
const affinity = fc.record({
  podAffinity: fc.record({
    requiredDuringSchedulingIgnoredDuringExecution: fc.oneof(fc.constant([]), terms),
    preferredDuringSchedulingIgnoredDuringExecution: weighted,
  }),
  podAntiAffinity: fc.record({
    requiredDuringSchedulingIgnoredDuringExecution: fc.oneof(fc.constant([]), terms),
    preferredDuringSchedulingIgnoredDuringExecution: weighted,
  }),
})
const pods = fc.record({
  uid: fc.integer({ min: 0, max: 8 }).map(String),
  app: fc.constantFrom('x', 'y'),
  namespace: fc.constantFrom(...namespaces),
  affinity: fc.option(affinity, { nil: undefined }),
})
type PodTraits = typeof pods extends fc.Arbitrary<infer T> ? T : never

/** JSON has no undefined members. */
const plain = (value: object): core.v1.Pod => JSON.parse(JSON.stringify(value))
const makePod = ({ uid, app, namespace, affinity: wanted }: PodTraits): core.v1.Pod =>
  plain({
    metadata: { name: uid, uid, namespace, labels: { app } },
    spec: { containers: [], ...(wanted ? { affinity: wanted } : {}) },
  })

const step = fc.oneof(
  fc.record({
    type: fc.constant('node' as const),
    name: nodeNames,
    zone: fc.constantFrom(undefined, 'a', 'b'),
  }),
  fc.record({ type: fc.constant('no node' as const), name: nodeNames }),
  fc.record({ type: fc.constant('pod' as const), pod: pods, name: nodeNames }),
  fc.record({ type: fc.constant('no pod' as const), uid: pods.map(({ uid }) => uid), name: nodeNames }),
  fc.record({
    type: fc.constant('namespace' as const),
    name: fc.constantFrom(...namespaces),
    team: fc.constantFrom(undefined, 'a'),
  }),
)

const label = (node: core.v1.Node, key: string): string | undefined => node.metadata?.labels?.[key]
type Term = core.v1.PodAffinityTerm

/** Looks at every pair of pods, for every question. */
function byHand(
  pod: core.v1.Pod,
  all: readonly NodeInfo[],
  labelsOf: (namespace: string) => Record<string, string>,
) {
  const matches = (one: Term, owner: core.v1.Pod, other: core.v1.Pod): boolean => {
    const { namespace = '', labels } = other.metadata ?? {}
    const bare = (one.namespaces ?? []).length === 0 && one.namespaceSelector === undefined
    const named = bare ? [owner.metadata?.namespace] : (one.namespaces ?? [])
    const selected =
      one.namespaceSelector && validLabelMatcher(one.namespaceSelector).matches(labelsOf(namespace))
    return (
      (named.includes(namespace) || selected === true) && validLabelMatcher(one.labelSelector).matches(labels)
    )
  }
  const required = (owner: core.v1.Pod, side: 'podAffinity' | 'podAntiAffinity') =>
    owner.spec?.affinity?.[side]?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const preferred = (owner: core.v1.Pod, side: 'podAffinity' | 'podAntiAffinity') =>
    owner.spec?.affinity?.[side]?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const there = all.flatMap((info) =>
    [...info.pods.values()].map((other) => ({ other: other.pod, node: info.node })),
  )
  const together = (key: string, one: core.v1.Node, other: core.v1.Node): boolean =>
    label(one, key) !== undefined && label(one, key) === label(other, key)

  const refusal = ({ node }: NodeInfo): string | undefined => {
    const wanted = required(pod, 'podAffinity')
    const isFriend = (other: core.v1.Pod) => wanted.every((one) => matches(one, pod, other))
    if (wanted.some(({ topologyKey }) => label(node, topologyKey) === undefined)) return 'affinity'
    const friends = there.filter(({ other }) => isFriend(other))
    const near = wanted.every(({ topologyKey }) =>
      friends.some((each) => together(topologyKey, node, each.node)),
    )
    const anywhere = friends.some((each) =>
      wanted.some(({ topologyKey }) => label(each.node, topologyKey) !== undefined),
    )
    if (wanted.length > 0 && !near && (anywhere || !isFriend(pod))) return 'affinity'
    const foes = required(pod, 'podAntiAffinity')
    if (
      there.some((each) =>
        foes.some((one) => matches(one, pod, each.other) && together(one.topologyKey, node, each.node)),
      )
    )
      return 'anti-affinity'
    const refused = there.some((each) =>
      required(each.other, 'podAntiAffinity').some(
        (one) => matches(one, each.other, pod) && together(one.topologyKey, node, each.node),
      ),
    )
    return refused ? 'existing' : undefined
  }

  const scores = (): readonly number[] => {
    const raw = all.map(({ node }) => {
      let sum = 0
      for (const { other, node: its } of there) {
        const count = (owner: core.v1.Pod, target: core.v1.Pod, one: Term, weight: number): void => {
          if (matches(one, owner, target) && together(one.topologyKey, node, its)) sum += weight
        }
        for (const each of preferred(pod, 'podAffinity')) count(pod, other, each.podAffinityTerm, each.weight)
        for (const each of preferred(pod, 'podAntiAffinity'))
          count(pod, other, each.podAffinityTerm, -each.weight)
        for (const each of required(other, 'podAffinity')) count(other, pod, each, 7)
        for (const each of preferred(other, 'podAffinity'))
          count(other, pod, each.podAffinityTerm, each.weight)
        for (const each of preferred(other, 'podAntiAffinity'))
          count(other, pod, each.podAffinityTerm, -each.weight)
      }
      return sum
    })
    const [least, most] = [Math.min(...raw), Math.max(...raw)]
    return raw.map((sum) => (most === least ? 0 : Math.trunc(100 * ((sum - least) / (most - least)))))
  }
  return { refusal, scores }
}

const shorten = (reason: string | undefined): string | undefined =>
  reason === undefined
    ? undefined
    : reason.includes('existing')
      ? 'existing'
      : reason.includes('anti-affinity')
        ? 'anti-affinity'
        : 'affinity'

type Twin = ReturnType<typeof byHand>

/** Also with a pod that is supposed to be gone; a plugin that skips refuses nobody, and no pod that goes changes that. */
function compareFilter(table: NodeTable, result: PreFilterResult | undefined, twin: () => Twin): void {
  const filter = result?.type === 'filter' ? result.filter : () => undefined
  const compare = (): void => {
    const { refusal } = twin()
    expect(table.nodes.map((node) => shorten(filter(node)?.reasons[0]))).toEqual(table.nodes.map(refusal))
  }
  compare()
  for (const node of table.nodes) {
    const [pod] = node.pods.values()
    if (pod === undefined) continue
    table.removePod(node.name, pod.uid)
    compare()
    table.addPod(node.name, pod)
  }
  compare()
}

function compareScores(table: NodeTable, result: PreScoreResult | undefined, twin: Twin): void {
  const scores = new Float64Array(table.nodes.length)
  if (result?.type === 'score') {
    table.nodes.forEach((node, index) => {
      scores[index] = result.score(node)
    })
    result.normalize?.(scores)
  }
  expect([...scores]).toEqual(twin.scores())
}

test('interPodAffinity() refuses and scores as if it looked at every pair of pods', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.array(pods, { minLength: 1, maxLength: 2 }),
      // With labels as numbers, and without.
      fc.constantFrom(0, 1, 8),
      (steps, wants, maxTopologies) => {
        const table = new NodeTable(maxTopologies)
        const informers = new FixedInformers()
        const teams = new Map<string, Record<string, string>>()
        const setTeam = (name: string, team: string | undefined): void => {
          const labels: Record<string, string> = team === undefined ? {} : { team }
          teams.set(name, labels)
          informers.set(Namespace, { metadata: { name, labels } })
        }
        for (const name of namespaces) setTeam(name, undefined)
        const plugin = interPodAffinity(pluginContext({ table, informers }), { hardPodAffinityWeight: 7 })
        const incoming = wants.map((traits) => makePodInfo(makePod({ ...traits, uid: 'new' })))
        for (const one of steps) {
          if (one.type === 'node') {
            const zone: Record<string, string> = one.zone === undefined ? {} : { zone: one.zone }
            table.setNode({ metadata: { name: one.name, labels: { host: one.name, ...zone } } })
          } else if (one.type === 'no node') table.removeNode(one.name)
          else if (one.type === 'no pod') table.removePod(one.name, one.uid)
          else if (one.type === 'pod') table.addPod(one.name, makePodInfo(makePod(one.pod)))
          else setTeam(one.name, one.team)
          for (const pod of incoming) {
            const twin = () => byHand(pod.pod, table.nodes, (name) => teams.get(name) ?? {})
            compareFilter(table, plugin.preFilter?.(pod), twin)
            compareScores(table, plugin.preScore?.(pod, table.nodes), twin())
          }
        }
      },
    ),
    { numRuns: 150 },
  )
})
