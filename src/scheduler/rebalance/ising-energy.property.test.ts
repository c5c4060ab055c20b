import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { anneal } from './anneal.ts'
import { IsingEnergy, type IsingModel } from './ising-energy.ts'

const amounts = fc.array(fc.nat(10), { minLength: 3, maxLength: 3 })
const models: fc.Arbitrary<IsingModel> = fc.integer({ min: 2, max: 4 }).chain((sites) =>
  fc.record({
    goal: fc.constantFrom('balance' as const, 'pack' as const),
    sites: fc.array(
      fc.record({
        allocatable: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 3, maxLength: 3 }),
        base: amounts,
        zone: fc.integer({ min: -1, max: 1 }),
      }),
      { minLength: sites, maxLength: sites },
    ),
    spins: fc.array(fc.record({ demand: amounts, owner: fc.nat(2), home: fc.nat(sites - 1) }), {
      minLength: 1,
      maxLength: 5,
    }),
    fixed: fc.array(fc.record({ owner: fc.nat(2), site: fc.nat(sites - 1) }), { maxLength: 3 }),
    weighed: fc.constant(2),
    replicaCoupling: fc.constantFrom(0, 0.1),
    moveField: fc.constantFrom(0, 0.05),
  }),
)

/** The sum as it is written: couplings between pairs of spins, fields of each, and what does not change. */
function plainEnergy(model: IsingModel, at: readonly number[]): number {
  const { sites, spins, fixed, weighed, replicaCoupling, moveField } = model
  const sign = model.goal === 'balance' ? 1 : -1
  const inverse = (site: number, place: number): number => {
    const there = sites[site]?.allocatable[place] ?? 0
    return there > 0 ? 1 / there : 0
  }
  let sum = 0
  for (const [site, { base }] of sites.entries())
    for (let place = 0; place < weighed; place++)
      sum += sign * ((base[place] ?? 0) * inverse(site, place)) ** 2
  const replicas = [
    ...fixed.map(({ owner, site }) => ({ owner, site })),
    ...spins.map(({ owner }, spin) => ({ owner, site: at[spin] ?? 0 })),
  ]
  for (const [index, one] of replicas.entries())
    for (const other of replicas.slice(index + 1)) {
      if (one.owner !== other.owner) continue
      if (one.site === other.site) sum += replicaCoupling
      const zone = sites[one.site]?.zone
      if (zone !== -1 && zone === sites[other.site]?.zone) sum += replicaCoupling / 2
    }
  for (const [spin, { demand, home }] of spins.entries()) {
    const site = at[spin] ?? 0
    if (site !== home) sum += moveField
    for (let place = 0; place < weighed; place++) {
      const part = (demand[place] ?? 0) * inverse(site, place)
      const base = (sites[site]?.base[place] ?? 0) * inverse(site, place)
      sum += sign * (part ** 2 + 2 * part * base)
      for (const [other, { demand: its }] of spins.slice(0, spin).entries())
        if (at[other] === site) sum += sign * 2 * part * (its[place] ?? 0) * inverse(site, place)
    }
  }
  return sum
}

test('IsingEnergy is the sum over pairs of spins, and delta() what a move changes it by', () => {
  fc.assert(
    fc.property(models, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 }), (model, moves) => {
      const energy = new IsingEnergy(model)
      const at = model.spins.map(({ home }) => home)
      expect(energy.energy).toBeCloseTo(plainEnergy(model, at), 9)
      for (const [one, other] of moves) {
        const [spin, site] = [one % model.spins.length, other % model.sites.length]
        const expected = energy.energy + energy.delta(spin, site)
        energy.move(spin, site)
        at[spin] = site
        expect(energy.energy).toBeCloseTo(expected, 9)
        expect(energy.energy).toBeCloseTo(plainEnergy(model, at), 9)
      }
    }),
  )
})

test('anneal() never ends higher than it began, nor puts more on a node than fits', () => {
  fc.assert(
    fc.property(models, fc.nat(), (model, seed) => {
      const energy = new IsingEnergy(model)
      const before = energy.energy
      const random = new Random(seed)
      anneal(energy, {
        ...{ spins: model.spins.length, sites: model.sites.length },
        ...{ allows: () => true, random: () => random.next() },
      })
      expect(energy.energy).toBeLessThanOrEqual(before + 1e-9)
      for (const [site, { allocatable, base }] of model.sites.entries())
        for (const [place, most] of allocatable.entries()) {
          const there = model.spins.filter(({ home }, spin) => energy.siteOf(spin) === site && home !== site)
          if (!there.some(({ demand }) => (demand[place] ?? 0) > 0)) continue
          const used = model.spins
            .filter((_, spin) => energy.siteOf(spin) === site)
            .reduce((sum, { demand }) => sum + (demand[place] ?? 0), base[place] ?? 0)
          expect(used).toBeLessThanOrEqual(most)
        }
    }),
  )
})

test('anneal() finds the ground state of small placements', () => {
  const model: IsingModel = {
    goal: 'balance',
    sites: [0, 1, 2].map(() => ({ allocatable: [10, 10], base: [0, 0], zone: -1 })),
    spins: [1, 2, 3, 4, 5].map((size) => ({ demand: [size, 0], owner: size, home: 0 })),
    ...{ fixed: [], weighed: 2, replicaCoupling: 0, moveField: 0 },
  }
  const energy = new IsingEnergy(model)
  const random = new Random(7)
  anneal(energy, { spins: 5, sites: 3, allows: () => true, random: () => random.next() })
  expect(energy.energy).toBeCloseTo(0.75, 9)
})
