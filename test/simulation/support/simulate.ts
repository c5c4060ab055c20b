import { Random } from '../../../src/base/random.ts'
import { Cluster, Deployment, Service } from '../../../src/cluster/index.ts'
import { somethingHappens, type Victim } from './faults.ts'
import { History } from './history.ts'
import { unfinished } from './liveness.ts'
import { Safety } from './safety.ts'
import { deployment, service } from './workloads.ts'

const nodes = 5
const faultCount = 80
/** Longer than it takes to give a node up (50 s), to evict its pods (300 s), and to try again after back-offs (300 s). */
const restSeconds = 900
const workloads = ['front', 'middle', 'back']

export interface Outcome {
  /** What was done to the cluster, in order. */
  readonly done: readonly string[]
  /** What should not be; empty when all is well. */
  readonly wrong: readonly string[]
}

/** A cluster's hard day: faults from the seed, checked at every write; then rest, after which all must be well. */
export async function simulate(seed: number): Promise<Outcome> {
  const cluster = await Cluster.start({ nodes, clock: 'virtual', seed })
  const safety = new Safety()
  const history = new History(cluster.client, (seen) => safety.look(seen))
  const victim: Victim = { cluster, random: new Random(seed), workloads, alive: new Set(cluster.nodes) }
  const done: string[] = []
  try {
    for (const name of workloads) {
      await cluster.client.resource(Service).create(service(name))
      await cluster.client.resource(Deployment).create(deployment(name, 3))
    }
    for (let count = 0; count < faultCount && safety.broken.length === 0; count++)
      done.push(await somethingHappens(victim))
    await cluster.advance(restSeconds * 1000)
    const missing = await unfinished(cluster.client, [...victim.alive])
    return { done, wrong: [...safety.broken, ...missing] }
  } finally {
    await history.stop()
    await cluster.stop()
  }
}
