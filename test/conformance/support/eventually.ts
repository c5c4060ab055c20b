import { setTimeout as sleep } from 'node:timers/promises'
import { isStatus } from '../../../src/cluster/index.ts'

export interface Patience {
  readonly everyMs?: number
  readonly withinMs?: number
}

/** Resolves when `look` no longer throws; throws what it threw last when that takes too long. */
export async function eventually<T>(
  look: () => Promise<T>,
  { everyMs = 20, withinMs = 15_000 }: Patience = {},
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      return await look()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await sleep(everyMs)
  }
}

/** Resolves when reading it answers 404. */
export const eventuallyGone = (look: () => Promise<unknown>, patience: Patience = {}): Promise<void> =>
  eventually(async () => {
    try {
      await look()
    } catch (error) {
      if (isStatus(error, 'NotFound')) return
      throw error
    }
    throw new Error('it is still there')
  }, patience)
