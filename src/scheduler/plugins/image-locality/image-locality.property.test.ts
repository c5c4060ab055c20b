import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { imageLocality } from './image-locality.ts'

const mebibyte = 1024 * 1024
const names = ['a:1', 'b:1', 'c:latest', 'registry:5000/d:latest']

const images = fc.uniqueArray(
  fc.record({ name: fc.constantFrom(...names), megabytes: fc.integer({ min: 1, max: 1_500 }) }),
  { selector: ({ name }) => name },
)
const node = (name: string, held: readonly { name: string; megabytes: number }[]): core.v1.Node => ({
  metadata: { name },
  status: {
    images: held.map((image) => ({ names: [image.name], sizeBytes: image.megabytes * mebibyte })),
  },
})

/** The names that a node's status has for it. */
const written = (image: string): string => (/:[^/]*$/.test(image) ? image : `${image}:latest`)

/**
 * The plain way: from the nodes' own status. An image has one size for all, that of the first node that told of it
 * while anybody has it.
 */
function plainScore(
  pod: core.v1.Pod,
  on: core.v1.Node,
  all: readonly core.v1.Node[],
  sizes: ReadonlyMap<string, number>,
): number {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const has = (one: core.v1.Node, name: string): boolean =>
    one.status?.images?.some((image) => image.names?.includes(name)) === true
  let bytes = 0
  for (const { image = '' } of containers) {
    const name = written(image)
    if (has(on, name)) {
      const share = all.filter((one) => has(one, name)).length / all.length
      bytes += Math.floor((sizes.get(name) ?? 0) * share)
    }
  }
  const [least, most] = [23 * mebibyte, 1_000 * mebibyte * containers.length]
  const bounded = Math.max(least, Math.min(most, bytes))
  return Math.floor((100 * (bounded - least)) / (most - least))
}

const container = fc.constantFrom(...names, 'c', 'registry:5000/d', 'unknown')
const world = fc.record({
  /** What nodes tell, in turn: the same node again and again. */
  told: fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), images), { minLength: 1, maxLength: 12 }),
  containers: fc.array(container, { minLength: 1, maxLength: 3 }),
  init: fc.array(container, { maxLength: 2 }),
})

test('imageLocality() scores as who reads all nodes anew does, however they have changed', () => {
  fc.assert(
    fc.property(world, ({ told, containers, init }) => {
      const table = new NodeTable()
      const known = new Map<string, core.v1.Node>()
      const sizes = new Map<string, number>()
      for (const [index, held] of told) {
        const name = `n${index}`
        const now = node(name, held)
        table.setNode(now)
        known.delete(name)
        for (const image of sizes.keys())
          if (
            ![...known.values()].some(({ status }) => status?.images?.some((i) => i.names?.includes(image)))
          )
            sizes.delete(image)
        for (const { name: image, megabytes } of held)
          if (!sizes.has(image)) sizes.set(image, megabytes * mebibyte)
        known.set(name, now)
      }
      const pod: core.v1.Pod = {
        metadata: { name: 'p' },
        spec: {
          containers: containers.map((image, index) => ({ name: `c${index}`, image })),
          initContainers: init.map((image, index) => ({ name: `i${index}`, image })),
        },
      }
      const result = imageLocality(pluginContext({ table })).preScore?.(makePodInfo(pod), table.nodes)
      const all = [...known.values()]
      for (const each of table.nodes)
        expect(result?.type === 'score' ? result.score(each) : 0).toBe(plainScore(pod, each.node, all, sizes))
    }),
    { numRuns: 200 },
  )
})
