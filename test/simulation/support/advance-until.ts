import type { Cluster } from '../../../src/cluster/index.ts'

/** Lets a second after the other pass until it is so; answers how many, and throws when it takes more than `withinSeconds`. */
export async function advanceUntil(
  cluster: Cluster,
  withinSeconds: number,
  isSo: () => Promise<boolean>,
): Promise<number> {
  for (let seconds = 0; seconds <= withinSeconds; seconds++) {
    if (await isSo()) return seconds
    await cluster.advance(1000)
  }
  throw new Error(`it is not so after ${withinSeconds} s`)
}
