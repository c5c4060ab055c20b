import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admitsNode } from '../../../api/core/pod/node-affinity.ts'
import { untoleratedTaint } from '../../../api/core/pod/tolerations.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { validLabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'
import type { PreFilterResult, PreScoreResult } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { podTopologySpread } from './pod-topology-spread.ts'

const zone = 'zone'
const hostname = 'kubernetes.io/hostname'

const nodes = fc.record({
  name: fc.constantFrom('n1', 'n2', 'n3', 'n4', 'n5'),
  zone: fc.constantFrom(undefined, 'a', 'b', 'c'),
  disk: fc.constantFrom(undefined, 'ssd'),
  tainted: fc.boolean(),
})
type NodeTraits = typeof nodes extends fc.Arbitrary<infer T> ? T : never
const makeNode = ({ name, zone: value, disk, tainted }: NodeTraits): core.v1.Node => ({
  metadata: {
    name,
    labels: { [hostname]: name, ...(value ? { [zone]: value } : {}), ...(disk ? { disk } : {}) },
  },
  spec: tainted ? { taints: [{ key: 't', effect: 'NoSchedule' }] } : {},
})

const podTraits = fc.record({
  uid: fc.integer({ min: 0, max: 12 }).map(String),
  app: fc.constantFrom('x', 'y'),
  namespace: fc.constantFrom('one', 'two'),
  deleting: fc.boolean(),
})
const constraint = fc.record({
  topologyKey: fc.constantFrom(zone, hostname),
  maxSkew: fc.integer({ min: 1, max: 2 }),
  minDomains: fc.constantFrom(undefined, 1, 3),
  whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'ScheduleAnyway'),
  app: fc.constantFrom('x', 'y', undefined),
  nodeAffinityPolicy: fc.constantFrom(undefined, 'Honor', 'Ignore'),
  nodeTaintsPolicy: fc.constantFrom(undefined, 'Honor', 'Ignore'),
})
const step = fc.oneof(
  fc.record({ type: fc.constant('node' as const), node: nodes }),
  fc.record({ type: fc.constant('no node' as const), name: nodes.map(({ name }) => name) }),
  fc.record({ type: fc.constant('pod' as const), pod: podTraits, node: nodes.map(({ name }) => name) }),
  fc.record({
    type: fc.constant('no pod' as const),
    uid: podTraits.map(({ uid }) => uid),
    node: nodes.map(({ name }) => name),
  }),
)
const wanted = fc.record({
  pod: podTraits,
  constraints: fc.array(constraint, { minLength: 1, maxLength: 3 }),
  ssd: fc.boolean(),
  tolerates: fc.boolean(),
})

function makePod({
  pod,
  constraints,
  ssd,
  tolerates,
}: typeof wanted extends fc.Arbitrary<infer T> ? T : never) {
  return makePodInfo({
    metadata: { name: 'new', namespace: pod.namespace, uid: 'new', labels: { app: pod.app } },
    spec: {
      containers: [],
      ...(ssd ? { nodeSelector: { disk: 'ssd' } } : {}),
      ...(tolerates ? { tolerations: [{ operator: 'Exists' }] } : {}),
      topologySpreadConstraints: constraints.map(
        ({ app, minDomains, nodeAffinityPolicy, nodeTaintsPolicy, ...rest }) => ({
          ...rest,
          labelSelector: app === undefined ? {} : { matchLabels: { app } },
          ...(minDomains === undefined || rest.whenUnsatisfiable !== 'DoNotSchedule' ? {} : { minDomains }),
          ...(nodeAffinityPolicy === undefined ? {} : { nodeAffinityPolicy }),
          ...(nodeTaintsPolicy === undefined ? {} : { nodeTaintsPolicy }),
        }),
      ),
    },
  })
}

/** Counts everything anew, for every question. */
function byHand(pod: core.v1.Pod, action: string, all: readonly NodeInfo[]) {
  const constraints = (pod.spec?.topologySpreadConstraints ?? []).filter(
    (each) => each.whenUnsatisfiable === action,
  )
  const label = (node: core.v1.Node, key: string): string | undefined => node.metadata?.labels?.[key]
  const like = (one: core.v1.TopologySpreadConstraint, node: NodeInfo): number => {
    const selector = validLabelMatcher(one.labelSelector)
    if (selector.empty) return 0
    return [...node.pods.values()].filter(
      ({ pod: { metadata } }) =>
        metadata?.namespace === pod.metadata?.namespace &&
        metadata?.deletionTimestamp === undefined &&
        selector.matches(metadata?.labels),
    ).length
  }
  const counted = (one: core.v1.TopologySpreadConstraint): readonly NodeInfo[] =>
    all.filter(
      ({ node }) =>
        constraints.every((each) => label(node, each.topologyKey) !== undefined) &&
        (one.nodeAffinityPolicy === 'Ignore' || admitsNode(pod, node)) &&
        (one.nodeTaintsPolicy !== 'Honor' ||
          !untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, ['NoSchedule'])),
    )
  const inDomain = (one: core.v1.TopologySpreadConstraint, value: string | undefined): number =>
    counted(one)
      .filter(({ node }) => label(node, one.topologyKey) === value)
      .reduce((sum, node) => sum + like(one, node), 0)
  const refusal = ({ node }: NodeInfo): string | undefined => {
    for (const one of constraints) {
      const value = label(node, one.topologyKey)
      if (value === undefined) return 'missing'
      const values = new Set(counted(one).map((each) => label(each.node, one.topologyKey)))
      const few = values.size < (one.minDomains ?? 1)
      const least = few ? 0 : Math.min(...[...values].map((each) => inDomain(one, each)))
      const self = validLabelMatcher(one.labelSelector).matches(pod.metadata?.labels) ? 1 : 0
      if (inDomain(one, value) + self - least > one.maxSkew) return 'uneven'
    }
    return undefined
  }
  const score = (feasible: readonly NodeInfo[]): readonly number[] => {
    const has = ({ node }: NodeInfo) => constraints.every((one) => label(node, one.topologyKey) !== undefined)
    const raw = feasible.map((node) => {
      if (!has(node)) return undefined
      let sum = 0
      for (const one of constraints) {
        const scored = feasible.filter(has)
        const hosts = one.topologyKey === hostname
        const size = hosts
          ? scored.length
          : new Set(scored.map((each) => label(each.node, one.topologyKey))).size
        const count = hosts ? like(one, node) : inDomain(one, label(node.node, one.topologyKey))
        sum += count * Math.log(size + 2) + one.maxSkew - 1
      }
      return Math.round(sum)
    })
    const present = raw.filter((each) => each !== undefined)
    const [least, most] = [Math.min(...present), Math.max(...present, 0)]
    return raw.map((each) =>
      each === undefined ? 0 : most === 0 ? 100 : Math.trunc((100 * (most + least - each)) / most),
    )
  }
  return { constraints, refusal, score }
}

const shorten = (reason: string | undefined) =>
  reason === undefined ? undefined : reason.includes('missing') ? 'missing' : 'uneven'

type Twin = ReturnType<typeof byHand>

/** Also with a pod that is supposed to be gone. */
function compareFilter(table: NodeTable, result: PreFilterResult | undefined, twin: Twin): void {
  if (twin.constraints.length === 0) expect(result).toEqual({ type: 'skip' })
  if (result?.type !== 'filter') return
  const compare = (): void =>
    expect(table.nodes.map((node) => shorten(result.filter(node)?.reasons[0]))).toEqual(
      table.nodes.map(twin.refusal),
    )
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
  if (result?.type !== 'score') return
  const scores = Float64Array.from(table.nodes, result.score)
  result.normalize?.(scores)
  expect([...scores]).toEqual(twin.score(table.nodes))
}

test('podTopologySpread() refuses and scores as if it counted all pods anew', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.array(wanted, { minLength: 1, maxLength: 3 }),
      // With labels as numbers, and without.
      fc.constantFrom(0, 1, 8),
      (steps, wants, maxTopologies) => {
        const table = new NodeTable(maxTopologies)
        const plugin = podTopologySpread(pluginContext({ table }))
        const incoming = wants.map(makePod)
        for (const one of steps) {
          if (one.type === 'node') table.setNode(makeNode(one.node))
          else if (one.type === 'no node') table.removeNode(one.name)
          else if (one.type === 'no pod') table.removePod(one.node, one.uid)
          else {
            const { uid, namespace, app, deleting } = one.pod
            const deletion = deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}
            const metadata = { name: uid, uid, namespace, labels: { app }, ...deletion }
            table.addPod(one.node, makePodInfo({ metadata, spec: { containers: [] } }))
          }
          for (const pod of incoming) {
            compareFilter(table, plugin.preFilter?.(pod), byHand(pod.pod, 'DoNotSchedule', table.nodes))
            compareScores(
              table,
              plugin.preScore?.(pod, table.nodes),
              byHand(pod.pod, 'ScheduleAnyway', table.nodes),
            )
          }
        }
      },
    ),
    { numRuns: 150 },
  )
})
