import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import type { Plugin } from '../../framework.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import type { ScoringStrategy } from './scoring-strategy.ts'

const Mi = 2 ** 20
const gpu = 'example.com/gpu'

interface Amounts {
  readonly cpu: number
  readonly memory: number
  readonly gpu: number
}

const amounts = (most: number): fc.Arbitrary<Amounts> =>
  fc.record({ cpu: fc.nat(most * 1000), memory: fc.nat(most * 1024), gpu: fc.nat(most) })
const worlds = fc.record({
  nodes: fc.array(fc.record({ has: amounts(8), pods: fc.array(amounts(2), { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 5,
  }),
  pod: amounts(3),
  weights: fc.record({ cpu: fc.integer({ min: 1, max: 5 }), gpu: fc.integer({ min: 1, max: 5 }) }),
})

const list = ({ cpu, memory, gpu: gpus }: Amounts): Record<string, string> => ({
  ...(cpu > 0 ? { cpu: `${cpu}m` } : {}),
  ...(memory > 0 ? { memory: `${memory}Mi` } : {}),
  ...(gpus > 0 ? { [gpu]: String(gpus) } : {}),
})

const podOf = (name: string, wanted: Amounts) =>
  makePodInfo({
    metadata: { name, uid: name },
    spec: { containers: [{ name: 'c', resources: { requests: list(wanted) } }] },
  })

/** As scores count a container: 100m and 200 MiB where it asks for nothing. */
const counted = ({ cpu, memory, gpu: gpus }: Amounts): Amounts => ({
  cpu: cpu || 100,
  memory: (memory || 200) * Mi,
  gpu: gpus,
})

type Formula = (requested: number, capacity: number) => number

const least: Formula = (requested, capacity) =>
  requested > capacity ? 0 : Math.floor(((capacity - requested) * 100) / capacity)
const most: Formula = (requested, capacity) => Math.floor((Math.min(requested, capacity) * 100) / capacity)
/** The line from 0 % → 0 to 100 % → 10, ten times as high. */
const ratio: Formula = (requested, capacity) =>
  requested > capacity ? 100 : Math.floor((requested * 100) / capacity)

const formulas: readonly (readonly [ScoringStrategy['type'], Formula])[] = [
  ['LeastAllocated', least],
  ['MostAllocated', most],
  ['RequestedToCapacityRatio', ratio],
]

test.each(formulas)('nodeResourcesFit() scores as the formula of %s says', (type, formula) => {
  fc.assert(
    fc.property(worlds, ({ nodes, pod, weights }) => {
      const table = new NodeTable()
      for (const [index, { has, pods }] of nodes.entries()) {
        const node: core.v1.Node = {
          metadata: { name: `n${index}` },
          status: { allocatable: { pods: '10', ...list(has) } },
        }
        table.setNode(node)
        for (const [place, each] of pods.entries())
          table.addPod(`n${index}`, podOf(`p${index}-${place}`, each))
      }
      const resources = [
        { name: 'cpu', weight: weights.cpu },
        { name: 'memory', weight: 1 },
        { name: gpu, weight: weights.gpu },
      ]
      const shape = [
        { utilization: 0, score: 0 },
        { utilization: 100, score: 10 },
      ]
      const scoringStrategy: ScoringStrategy =
        type === 'RequestedToCapacityRatio'
          ? { type, resources, requestedToCapacityRatio: { shape } }
          : { type, resources }
      const plugin: Plugin = nodeResourcesFit(pluginContext({ table }), { scoringStrategy })
      const result = plugin.preScore?.(podOf('new', pod), table.nodes)
      const scores = result?.type === 'score' ? table.nodes.map(result.score) : []
      const expected = nodes.map(({ has, pods }) => {
        const parts = (['cpu', 'memory', 'gpu'] as const).flatMap((name) => {
          const capacity = name === 'memory' ? has.memory * Mi : has[name]
          if (capacity === 0 || (name === 'gpu' && pod.gpu === 0)) return []
          const requested = [...pods, pod].reduce((sum, each) => sum + counted(each)[name], 0)
          const weight = name === 'memory' ? 1 : weights[name]
          return [{ score: formula(requested, capacity), weight }]
        })
        const shown = type === 'RequestedToCapacityRatio' ? parts.filter(({ score }) => score > 0) : parts
        const total = shown.reduce((sum, { weight }) => sum + weight, 0)
        const sum = shown.reduce((all, { score, weight }) => all + score * weight, 0)
        if (total === 0) return 0
        return type === 'RequestedToCapacityRatio' ? Math.round(sum / total) : Math.floor(sum / total)
      })
      expect(scores).toEqual(expected)
    }),
  )
})
