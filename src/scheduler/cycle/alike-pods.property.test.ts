import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { defaultProfile } from '../default-profile.ts'
import { scoredNodes } from '../explain/score-sheet.ts'
import type { PluginContext } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { NodeTable } from '../node-table.ts'
import { costAwarePacking, defaultPriceLabel } from '../plugins/cost-aware-packing/cost-aware-packing.ts'
import { dataLabelPrefix } from '../plugins/data-locality/data-index.ts'
import { dataLocality, readsAnnotation } from '../plugins/data-locality/data-locality.ts'
import { classLabel } from '../plugins/workload-interference/class-counts.ts'
import { workloadInterference } from '../plugins/workload-interference/workload-interference.ts'
import { makePodInfo } from '../pod-info.ts'
import { type Profile, profileOf } from '../profile.ts'
import { Nominator } from '../queue/nominator.ts'
import { pluginContext } from '../testing/plugin-context.ts'
import { PodPlacer, type Selection } from './schedule-pod.ts'

const zones = ['a', 'b', 'c']
const nodeNames = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8']
const zoneKey = 'topology.kubernetes.io/zone'

const taints: readonly core.v1.Taint[] = [
  { key: 'hard', effect: 'NoSchedule' },
  { key: 'soft', effect: 'PreferNoSchedule' },
]
const nodeChanges = fc.record({
  node: fc.constantFrom(...nodeNames),
  zone: fc.constantFrom(...zones),
  cpu: fc.constantFrom('1', '2', '4'),
  disk: fc.constantFrom('ssd', 'hdd'),
  taint: fc.option(fc.constantFrom(...taints), { freq: 3, nil: undefined }),
  cordoned: fc.boolean(),
  price: fc.constantFrom(undefined, '1', '3'),
  data: fc.constantFrom(undefined, '1Gi', '2Gi'),
})
type NodeChange = typeof nodeChanges extends fc.Arbitrary<infer T> ? T : never

/** Few sorts of pods, so that many are alike. */
const sorts: readonly Partial<core.v1.PodSpec>[] = [
  {},
  { nodeSelector: { disk: 'ssd' } },
  { tolerations: [{ operator: 'Exists' }] },
  {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 5,
            preference: { matchExpressions: [{ key: zoneKey, operator: 'In', values: ['a', 'b'] }] },
          },
        ],
      },
    },
  },
  {
    topologySpreadConstraints: [
      {
        topologyKey: zoneKey,
        maxSkew: 1,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'x' } },
      },
    ],
  },
  {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'x' } } },
        ],
      },
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 3,
            podAffinityTerm: { topologyKey: zoneKey, labelSelector: { matchLabels: { app: 'x' } } },
          },
        ],
      },
    },
  },
]
const pods = fc.record({
  sort: fc.integer({ min: 0, max: sorts.length - 1 }),
  cpu: fc.constantFrom('100m', '500m'),
  port: fc.constantFrom(undefined, 80),
  app: fc.constantFrom('x', 'y'),
  priority: fc.constantFrom(0, 0, 0, 10),
  load: fc.constantFrom('', 'noisy', 'quiet'),
  reads: fc.constantFrom('', 'logs'),
})
const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: nodeChanges },
    { weight: 1, arbitrary: fc.record({ gone: fc.constantFrom(...nodeNames) }) },
    { weight: 1, arbitrary: fc.record({ ends: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ nominated: pods, to: fc.constantFrom(...nodeNames) }) },
    { weight: 8, arbitrary: pods },
  ),
  { maxLength: 60 },
)
type Ask = typeof pods extends fc.Arbitrary<infer T> ? T : never

const nodeOf = ({ node, zone, cpu, disk, taint, cordoned, price, data }: NodeChange): core.v1.Node => ({
  metadata: {
    name: node,
    labels: {
      ...{ [zoneKey]: zone, disk, 'kubernetes.io/hostname': node },
      ...(price === undefined ? {} : { [defaultPriceLabel]: price }),
      ...(data === undefined ? {} : { [`${dataLabelPrefix}logs`]: data }),
    },
  },
  spec: { unschedulable: cordoned, ...(taint === undefined ? {} : { taints: [taint] }) },
  status: { allocatable: { cpu, memory: '8Gi', pods: '5' } },
})

const podOf = (name: string, { sort, cpu, port, app, priority, load, reads }: Ask): core.v1.Pod => ({
  metadata: {
    ...{ name, namespace: 'default', uid: name },
    labels: { app, [classLabel]: load },
    annotations: { [readsAnnotation]: reads },
  },
  spec: {
    priority,
    ...sorts[sort],
    containers: [
      {
        name: 'c',
        resources: { requests: { cpu } },
        ...(port === undefined ? {} : { ports: [{ containerPort: port, hostPort: port }] }),
      },
    ],
  },
})

/** The default plugins, and those that upstream has not. */
function withOptionalPlugins(context: PluginContext): Profile {
  const { at, weights, schedulerName } = defaultProfile(context)
  const defaults = [...new Set(Object.values(at).flat())].map((plugin) => ({
    plugin,
    weight: weights.get(plugin.name) ?? 0,
  }))
  const slowdowns = [
    { class: 'quiet', by: 'noisy', percent: 30 },
    { class: 'noisy', by: 'noisy', percent: 20 },
  ]
  const optional = [
    costAwarePacking(context),
    dataLocality(context),
    workloadInterference(context, { slowdowns, maxSlowdownPercent: 50 }),
  ]
  return profileOf(schedulerName, [...defaults, ...optional.map((plugin) => ({ plugin, weight: 2 }))])
}

/** As `Math.random`, the same each time. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

function seen(selection: Selection, nodes: readonly NodeInfo[]) {
  const refusals = selection.type === 'node' ? selection.refusals : selection.diagnosis.refusals
  return {
    refusals: nodes.map((node) => refusals.get(node)),
    looked: refusals.size,
    ...(selection.type === 'node'
      ? {
          node: selection.node.name,
          feasible: selection.feasible,
          scores: selection.scores && scoredNodes(selection.scores),
        }
      : {
          plugins: selection.diagnosis.unschedulablePlugins,
          preFilter: selection.diagnosis.preFilter,
        }),
  }
}

const cases = fc.record({
  percentageOfNodesToScore: fc.constantFrom(0, 40),
  profileWith: fc.constantFrom(defaultProfile, withOptionalPlugins),
})

test('PodPlacer chooses for alike pods, who share its work, as if each were the only one', () => {
  fc.assert(
    fc.property(steps, fc.integer(), cases, (history, seed, { percentageOfNodesToScore, profileWith }) => {
      const table = new NodeTable()
      const nominated = new Nominator()
      const profile = profileWith(pluginContext({ table }))
      const [sharing, plain] = [true, false].map(
        (sharesWork) =>
          new PodPlacer({
            ...{ table, nominated, percentageOfNodesToScore, sharesWork },
            random: randomFrom(seed),
          }),
      )
      const placed: { readonly uid: string; readonly node: string }[] = []
      for (const [place, step] of history.entries()) {
        if ('node' in step) table.setNode(nodeOf(step))
        else if ('gone' in step) table.removeNode(step.gone)
        else if ('ends' in step) {
          const [ended] = placed.splice(step.ends % Math.max(1, placed.length), 1)
          if (ended !== undefined) table.removePod(ended.node, ended.uid)
        } else if ('nominated' in step)
          nominated.add(makePodInfo(podOf(`nominated-${place}`, step.nominated)), step.to)
        else {
          const info = makePodInfo(podOf(`pod-${place}`, step))
          const choice = sharing?.select(info, profile)
          // Both look at one table: what the first has seen is kept before the second looks.
          const found = choice && seen(choice, table.nodes)
          const twin = plain?.select(info, profile)
          expect(found).toEqual(twin && seen(twin, table.nodes))
          if (choice?.type !== 'node') continue
          table.addPod(choice.node.name, info)
          placed.push({ uid: info.uid, node: choice.node.name })
        }
      }
    }),
    { numRuns: 300 },
  )
})
