import type { Random } from '../../../src/base/random.ts'
import { type Cluster, Deployment, isStatus, Node, Pod } from '../../../src/cluster/index.ts'

/** What faults happen to. */
export interface Victim {
  readonly cluster: Cluster
  readonly random: Random
  readonly workloads: readonly string[]
  /** Nodes that have not been switched off. */
  readonly alive: Set<string>
}

/** Some nodes always stay, with room for everything. */
const leastAlive = 2
const mostReplicas = 8

/** One thing that goes wrong, or that a user does; answers what it was. */
type Fault = (victim: Victim) => Promise<string>

const pick = <T>(random: Random, from: readonly T[]): T | undefined =>
  from[Math.floor(random.next() * from.length)]

const patchWorkload = async ({ cluster, random, workloads }: Victim, spec: object): Promise<string> => {
  const name = pick(random, workloads) ?? ''
  await cluster.client.resource(Deployment).patch('default', name, 'application/merge-patch+json', { spec })
  return `${name}: ${JSON.stringify(spec)}`
}

const scale: Fault = (victim) =>
  patchWorkload(victim, { replicas: Math.floor(victim.random.next() * (mostReplicas + 1)) })

const rollOut: Fault = (victim) =>
  patchWorkload(victim, {
    template: { metadata: { annotations: { version: String(victim.random.uint32()) } } },
  })

const deletePod: Fault = async ({ cluster, random }) => {
  const pods = cluster.client.resource(Pod)
  const pod = pick(random, (await pods.list({ namespace: 'default' })).items)
  const name = pod?.metadata?.name
  if (name === undefined) return 'no pod to delete'
  const gracePeriodSeconds = random.next() < 0.5 ? 0 : 30
  try {
    await pods.delete('default', name, { gracePeriodSeconds })
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
  return `delete pod ${name} within ${gracePeriodSeconds} s`
}

const endContainer: Fault = async ({ cluster, random, alive }) => {
  const pods = (await cluster.client.resource(Pod).list({ namespace: 'default' })).items
  const pod = pick(
    random,
    pods.filter((each) => alive.has(each.spec?.nodeName ?? '') && each.status?.phase === 'Running'),
  )
  if (pod === undefined) return 'no container to end'
  cluster.node(pod.spec?.nodeName ?? '').runtime.endContainer(pod.metadata?.uid ?? '', 'main', 1)
  return `end the container of ${pod.metadata?.name}`
}

const stopNode: Fault = async ({ cluster, random, alive }) => {
  if (alive.size <= leastAlive) return 'no node to lose'
  const name = pick(random, [...alive]) ?? ''
  alive.delete(name)
  await cluster.node(name).stop()
  return `switch ${name} off`
}

const deleteNode: Fault = async ({ cluster, random, alive }) => {
  const nodes = cluster.client.resource(Node)
  const dead = (await nodes.list()).items.filter(({ metadata }) => !alive.has(metadata?.name ?? ''))
  const name = pick(random, dead)?.metadata?.name
  if (name === undefined) return 'no dead node to delete'
  await nodes.delete('', name)
  return `delete ${name}`
}

const wait: Fault = async ({ cluster, random }) => {
  const ms = Math.floor(60_000 * random.next() ** 2)
  await cluster.advance(ms)
  return `wait ${ms} ms`
}

/** As often as they are listed. */
const faults: readonly Fault[] = [
  ...[wait, wait, wait, wait, wait],
  ...[scale, scale, rollOut],
  ...[deletePod, deletePod, deletePod, endContainer, endContainer],
  ...[stopNode, deleteNode],
]

export async function somethingHappens(victim: Victim): Promise<string> {
  const fault = pick(victim.random, faults) ?? wait
  const what = await fault(victim)
  // Faults come while the last one is still being dealt with.
  await victim.cluster.advance(Math.floor(1000 * victim.random.next() ** 3))
  return what
}
