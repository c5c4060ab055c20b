import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CpuSet } from './cpu-set.ts'
import { cpusIn, idsOf } from './cpu-topology.ts'
import { takeDistributed } from './distribute-cpus.ts'
import { takePacked } from './take-cpus.ts'
import { machine } from './testing/machines.ts'

const shapes = fc.record({
  sockets: fc.integer({ min: 1, max: 3 }),
  nodesPerSocket: fc.integer({ min: 1, max: 2 }),
  coresPerNode: fc.integer({ min: 1, max: 4 }),
  threadsPerCore: fc.integer({ min: 1, max: 2 }),
  coresPerCache: fc.integer({ min: 1, max: 4 }),
})

/** A machine, what of it is free, and how much of that is wanted. */
const requests = shapes.chain((shape) => {
  const topology = machine(shape)
  return fc.record({
    topology: fc.constant(topology),
    available: fc.subarray([...topology.cpus]).map((cpus) => new Set(cpus)),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    spread: fc.boolean(),
    byCache: fc.boolean(),
  })
})

const wholeCores = (places: Parameters<typeof idsOf>[0], cpus: CpuSet): number =>
  idsOf(places, 'core').filter((core) => cpusIn(places, 'core', [core]).isSubsetOf(cpus)).length

test('takePacked() and takeDistributed() give as many as are wanted, of what is available', () => {
  fc.assert(
    fc.property(requests, ({ topology, available, part, spread, byCache }) => {
      const count = Math.floor(part * available.size)
      for (const taken of [
        takePacked(topology, available, count, { spread, byCache }),
        takeDistributed(topology, available, count, { groupSize: 1, spread }),
        takeDistributed(topology, available, count, { groupSize: topology.cpusPerCore, spread }),
      ]) {
        expect(taken.size).toBe(count)
        expect(taken.isSubsetOf(available)).toBe(true)
      }
    }),
  )
})

test('takePacked() gives as many whole cores as there are', () => {
  fc.assert(
    fc.property(requests, ({ topology, available, part }) => {
      const count = Math.floor(part * available.size)
      const taken = takePacked(topology, available, count, { spread: false, byCache: false })
      const most = Math.min(Math.floor(count / topology.cpusPerCore), wholeCores(topology.places, available))
      expect(wholeCores(topology.places, taken)).toBe(most)
    }),
  )
})
