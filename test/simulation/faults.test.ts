import { describe, expect, test } from 'vitest'
import committed from './faults.seeds.json' with { type: 'json' }
import { simulate } from './support/simulate.ts'

/** More seeds, from the clock, for those who have the time. */
const more = Number(process.env.SEEDS ?? 0)
const first = Date.now()
const seeds = [
  ...committed.map(({ seed }) => seed),
  ...Array.from({ length: more }, (_, index) => first + index),
]

describe('a cluster whose nodes die, containers end and users change their minds', () => {
  test.for(seeds)('breaks no promise on the way and comes to rest (seed %i)', async (seed) => {
    const { done, wrong } = await simulate(seed)
    expect({ seed, wrong, done: wrong.length === 0 ? [] : done }).toEqual({ seed, wrong: [], done: [] })
  })
})
