import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { scoredNodes } from '../explain/score-sheet.ts'
import { NodeTable } from '../node-table.ts'
import { nodeResourcesBalancedAllocation } from '../plugins/node-resources-balanced-allocation/node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from '../plugins/node-resources-fit/node-resources-fit.ts'
import { makePodInfo } from '../pod-info.ts'
import { profileOf } from '../profile.ts'
import { Nominator } from '../queue/nominator.ts'
import { pluginContext } from '../testing/plugin-context.ts'
import { PodPlacer } from './schedule-pod.ts'

const gpu = 'example.com/gpu'
const mebibyte = 2 ** 20
const balancedWeight = 2

const names = fc.constantFrom('n1', 'n2', 'n3', 'n4', 'n5')
const offers = fc.record({
  cpu: fc.integer({ min: 0, max: 8 }).map((halves) => halves * 500),
  memory: fc.integer({ min: 0, max: 8 }).map((parts) => parts * 256),
  pods: fc.integer({ min: 0, max: 4 }),
  gpu: fc.integer({ min: 0, max: 2 }),
})
type Offer = typeof offers extends fc.Arbitrary<infer T> ? T : never
const asks = fc.record({
  cpu: fc.constantFrom(undefined, 250, 500, 1_500, 3_000),
  memory: fc.constantFrom(undefined, 100, 256, 1_000),
  gpu: fc.constantFrom(undefined, 1, 2),
})
type Ask = typeof asks extends fc.Arbitrary<infer T> ? T : never
const steps = fc.array(
  fc.oneof(
    fc.record({ node: names, offer: offers }),
    fc.record({ gone: names }),
    fc.record({ uid: fc.integer({ min: 0, max: 9 }).map(String), on: names, ask: asks }),
  ),
  { maxLength: 30 },
)

const nodeOf = (name: string, { cpu, memory, pods, gpu: gpus }: Offer): core.v1.Node => ({
  metadata: { name },
  status: {
    allocatable: { cpu: `${cpu}m`, memory: `${memory}Mi`, pods: String(pods), [gpu]: String(gpus) },
  },
})

function podOf(uid: string, { cpu, memory, gpu: gpus }: Ask): core.v1.Pod {
  const requests = {
    ...(cpu === undefined ? {} : { cpu: `${cpu}m` }),
    ...(memory === undefined ? {} : { memory: `${memory}Mi` }),
    ...(gpus === undefined ? {} : { [gpu]: String(gpus) }),
  }
  return { metadata: { name: uid, uid }, spec: { containers: [{ name: 'c', resources: { requests } }] } }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

function plainReasons(offer: Offer, there: readonly Ask[], ask: Ask): readonly string[] {
  const isShort = (name: 'cpu' | 'memory' | 'gpu'): boolean => {
    const wanted = ask[name] ?? 0
    return wanted > 0 && sum(there.map((each) => each[name] ?? 0)) + wanted > offer[name]
  }
  return [
    ...(there.length + 1 > offer.pods ? ['Too many pods'] : []),
    ...(isShort('cpu') ? ['Insufficient cpu'] : []),
    ...(isShort('memory') ? ['Insufficient memory'] : []),
    ...(isShort('gpu') ? [`Insufficient ${gpu}`] : []),
  ]
}

function plainFit(offer: Offer, there: readonly Ask[], ask: Ask): number {
  const all = [...there, ask]
  const scores = [
    [offer.cpu, sum(all.map(({ cpu = 100 }) => cpu))] as const,
    [offer.memory * mebibyte, sum(all.map(({ memory = 200 }) => memory)) * mebibyte] as const,
  ].flatMap(([has, used]) => {
    if (has === 0) return []
    return [used > has ? 0 : Math.trunc(((has - used) * 100) / has)]
  })
  return scores.length === 0 ? 0 : Math.trunc(sum(scores) / scores.length)
}

function plainBalance(offer: Offer, there: readonly Ask[], ask: Ask): number | undefined {
  if (ask.cpu === undefined && ask.memory === undefined) return undefined
  const even = (pods: readonly Ask[]): number => {
    const fractions = [
      [offer.cpu, sum(pods.map(({ cpu = 0 }) => cpu))] as const,
      [offer.memory * mebibyte, sum(pods.map(({ memory = 0 }) => memory)) * mebibyte] as const,
    ].flatMap(([has, used]) => (has === 0 ? [] : [Math.min(1, used / has)]))
    const [one = 0, other = one] = fractions
    return Math.trunc((1 - Math.abs((one - other) / 2)) * 100)
  }
  return 50 + Math.trunc((50 + even([...there, ask]) - even(there)) / 2)
}

test('PodPlacer finds and scores by columns what a look at every object finds', () => {
  fc.assert(
    fc.property(steps, asks, (history, ask) => {
      const table = new NodeTable()
      const nodes = new Map<string, Offer>()
      const pods = new Map<string, { readonly on: string; readonly ask: Ask }>()
      for (const step of history) {
        if ('gone' in step) {
          // As informers tell it, pods may outlive their node, or come before it.
          table.removeNode(step.gone)
          nodes.delete(step.gone)
        } else if ('node' in step) {
          table.setNode(nodeOf(step.node, step.offer))
          nodes.set(step.node, step.offer)
        } else {
          const before = pods.get(step.uid)
          if (before !== undefined) table.removePod(before.on, step.uid)
          table.addPod(step.on, makePodInfo(podOf(step.uid, step.ask)))
          pods.set(step.uid, step)
        }
      }
      const context = pluginContext({ table })
      const profile = profileOf('default-scheduler', [
        { plugin: nodeResourcesFit(context), weight: 1 },
        { plugin: nodeResourcesBalancedAllocation(context), weight: balancedWeight },
      ])
      const nominated = new Nominator()
      const placer = new PodPlacer({ table, nominated, random: () => 0, percentageOfNodesToScore: 100 })
      const selection = placer.select(makePodInfo(podOf('new', ask)), profile)

      const twins = [...nodes].map(([name, offer]) => {
        const there = [...pods.values()].filter(({ on }) => on === name).map((pod) => pod.ask)
        const balance = plainBalance(offer, there, ask)
        const points = {
          NodeResourcesFit: plainFit(offer, there, ask),
          ...(balance === undefined ? {} : { NodeResourcesBalancedAllocation: balance * balancedWeight }),
        }
        return { name, reasons: plainReasons(offer, there, ask), points }
      })
      const refusals = selection.type === 'node' ? selection.refusals : selection.diagnosis.refusals
      for (const { name, reasons } of twins) {
        const info = table.get(name)
        expect(info && refusals.get(info).rejection.reasons).toEqual(reasons)
      }
      const fitting = twins.filter(({ reasons }) => reasons.length === 0)
      expect(selection.type === 'node' ? selection.feasible : 0).toBe(fitting.length)
      if (selection.type !== 'node' || selection.scores === undefined) return
      const scored = scoredNodes(selection.scores)
      const found = scored.map(({ node: name, points }) => ({ name, reasons: [], points }))
      expect(new Set(found)).toEqual(new Set(fitting))
      expect(scored[0]?.node).toBe(selection.node.name)
      expect(scored[0]?.total).toBe(Math.max(...fitting.map(({ points }) => sum(Object.values(points)))))
    }),
    { numRuns: 300 },
  )
})
