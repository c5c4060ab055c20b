import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'

const Mi = 2 ** 20
const requests = fc.record({
  cpu: fc.integer({ min: 1, max: 3000 }),
  memory: fc.integer({ min: 1, max: 4096 }),
})
const worlds = fc.record({
  nodes: fc.array(
    fc.record({
      cpu: fc.integer({ min: 1, max: 16 }),
      memory: fc.integer({ min: 1, max: 16_384 }),
      pods: fc.array(requests, { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  pod: requests,
})
type Requests = { readonly cpu: number; readonly memory: number }

const podOf = (name: string, { cpu, memory }: Requests) =>
  makePodInfo({
    metadata: { name, uid: name },
    spec: {
      containers: [{ name: 'c', resources: { requests: { cpu: `${cpu}m`, memory: `${memory}Mi` } } }],
    },
  })

/** 100 less the standard deviation of two fractions, in percent. */
function evenness(cpu: number, memory: number): number {
  const fractions = [Math.min(1, cpu), Math.min(1, memory)]
  const mean = fractions.reduce((sum, each) => sum + each, 0) / 2
  const variance = fractions.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 2
  return 100 * (1 - Math.sqrt(variance))
}

test('nodeResourcesBalancedAllocation() prefers what makes the use of a node more even, by its formula', () => {
  fc.assert(
    fc.property(worlds, ({ nodes, pod }) => {
      const table = new NodeTable()
      for (const [index, { cpu, memory, pods }] of nodes.entries()) {
        const allocatable = { cpu: String(cpu), memory: `${memory}Mi`, pods: '10' }
        table.setNode({ metadata: { name: `n${index}` }, status: { allocatable } })
        for (const [place, each] of pods.entries())
          table.addPod(`n${index}`, podOf(`p${index}-${place}`, each))
      }
      const result = nodeResourcesBalancedAllocation(pluginContext({ table })).preScore?.(
        podOf('new', pod),
        table.nodes,
      )
      for (const [index, { cpu, memory, pods }] of nodes.entries()) {
        const sum = (all: readonly Requests[], name: keyof Requests): number =>
          all.reduce((total, each) => total + each[name], 0)
        const of = (all: readonly Requests[]): number =>
          evenness(sum(all, 'cpu') / (cpu * 1000), (sum(all, 'memory') * Mi) / (memory * Mi))
        const node = table.nodes[index]
        const score = result?.type === 'score' && node ? result.score(node) : Number.NaN
        // Upstream's: nothing gained is three quarters, and half of what is gained counts.
        const expected = 75 + (of([...pods, pod]) - of(pods)) / 2
        expect(Math.abs(score - expected)).toBeLessThanOrEqual(1.5)
      }
    }),
  )
})
