import { describe, expect, test } from 'vitest'
import { simulate } from '../support/storm/simulate.ts'
import committed from './seeds.json' with { type: 'json' }

/** With those that have found something, as many as these. */
const total = 50

const found: readonly number[] = committed.map(({ seed }) => seed)
const others = Array.from({ length: total }, (_, index) => index + 1).filter((seed) => !found.includes(seed))
const seeds = [...found, ...others].slice(0, total)

/** Every `parts`th of the seeds: the files of a folder share the processors. */
export function runSeeds(part: number, parts: number): void {
  describe('a cluster in which every call may fail', () => {
    test.for(seeds.filter((_, index) => index % parts === part))(
      'breaks no promise on the way and comes to rest (seed %i)',
      async (seed) => {
        const { history, wrong } = await simulate(seed)
        if (wrong.length > 0) console.log(history.join('\n'))
        expect({ seed, wrong }).toEqual({ seed, wrong: [] })
      },
    )
  })
}
