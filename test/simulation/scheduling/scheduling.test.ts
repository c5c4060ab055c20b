import { expect, test } from 'vitest'
import { simulateScheduling } from './simulate-scheduling.ts'

test.for(Array.from({ length: 50 }, (_, index) => index + 1))(
  'a scheduler knows what is, promises nothing twice and forgets no pod (seed %i)',
  async (seed) => {
    const { history, wrong } = await simulateScheduling(seed)
    if (wrong.length > 0) console.log(history.join('\n'))
    expect({ seed, wrong }).toEqual({ seed, wrong: [] })
  },
)
