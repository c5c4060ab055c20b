import type { Random } from '../../../../src/base/random.ts'
import { DaemonSet, Deployment, isStatus, Job, Pod, StatefulSet } from '../../../../src/cluster/index.ts'
import { isReady } from '../workloads.ts'
import type { World } from '../world/world.ts'
import { isActive, type Truth } from './truth.ts'
import { daemonSet, deployments, guarded, guardedLeast, job, statefulSets } from './workload.ts'

/** What steps happen to. */
export interface Scene {
  readonly world: World
  readonly random: Random
  readonly truth: Truth
  /** Machines without power. */
  readonly dark: Set<string>
  readonly cut: Set<string>
  readonly jobs: string[]
}

/** One thing that a user does, or that happens to a machine; answers what it was. */
type Step = (scene: Scene) => Promise<string>

const mergePatch = 'application/merge-patch+json'

const pick = <T>(random: Random, from: readonly T[]): T | undefined =>
  from[Math.floor(random.next() * from.length)]

const whole = (random: Random, least: number, most: number): number =>
  least + Math.floor(random.next() * (most - least + 1))

const wait: Step = async ({ world, random }) => {
  const ms = Math.floor(15_000 * random.next() ** 2)
  await world.advance(ms)
  return `wait ${ms} ms`
}

async function patch({ world, random }: Scene, spec: object): Promise<string> {
  const name = pick(random, [...deployments, ...statefulSets]) ?? ''
  const kind = deployments.some((each) => each === name) ? Deployment : StatefulSet
  await world.do(world.client.resource<object>(kind).patch('default', name, mergePatch, { spec }), 10)
  return `${name}: ${JSON.stringify(spec)}`
}

const scale: Step = (scene) => patch(scene, { replicas: whole(scene.random, 0, 5) })

const newTemplate = ({ random }: Scene): object => ({
  template: { metadata: { annotations: { version: String(random.uint32()) } } },
})

const rollOut: Step = (scene) => patch(scene, newTemplate(scene))

const rollOutEverywhere: Step = async (scene) => {
  const { world } = scene
  const work = world.client
    .resource(DaemonSet)
    .patch('default', daemonSet, mergePatch, { spec: newTemplate(scene) })
  await world.do(work, 10)
  return `roll ${daemonSet} out`
}

const startJob: Step = async ({ world, random, jobs }) => {
  const name = `job-${String(world.host.monotonicMs()).replace('.', '-')}`
  jobs.push(name)
  const made = job(name, whole(random, 1, 5), whole(random, 1, 3), random.next() < 0.2)
  await world.do(world.client.resource(Job).create(made), 10)
  return `start ${name}: ${made.spec?.completions} completions, ${made.spec?.parallelism} at a time`
}

const deleteJob: Step = async ({ world, random, jobs }) => {
  const name = pick(random, jobs)
  if (name === undefined) return 'no job to delete'
  jobs.splice(jobs.indexOf(name), 1)
  const propagationPolicy = random.next() < 0.5 ? 'Foreground' : 'Background'
  await tolerate(world.do(world.client.resource(Job).delete('default', name, { propagationPolicy }), 10))
  return `delete ${name} (${propagationPolicy})`
}

async function tolerate(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (isStatus(error, 'NotFound', 'TooManyRequests', 'Conflict')) return false
    throw error
  }
}

const podsOf = async ({ world }: Scene, apps: readonly string[]): Promise<readonly string[]> => {
  const { items } = await world.client.resource(Pod).list({ namespace: 'default' })
  return items
    .filter(({ metadata }) => apps.includes(metadata?.labels?.app ?? ''))
    .map(({ metadata }) => metadata?.name ?? '')
}

const deletePod: Step = async (scene) => {
  const { world, random } = scene
  const name = pick(random, await podsOf(scene, [...deployments, ...statefulSets, daemonSet]))
  if (name === undefined) return 'no pod to delete'
  await tolerate(world.do(world.client.resource(Pod).delete('default', name), 10))
  return `delete pod ${name}`
}

/** A budget may be looked at late, but what it grants is counted at once. Who is not ready, or is going, is missing already. */
const evict: Step = async (scene) => {
  const { world, random, truth } = scene
  const name = pick(random, await podsOf(scene, [guarded]))
  if (name === undefined) return 'no pod to evict'
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } }
  const path = `/api/v1/namespaces/default/pods/${name}/eviction`
  const pod = await world.client.resource(Pod).get('default', name)
  const granted = await tolerate(world.do(world.client.transport.request({ method: 'POST', path, body }), 0))
  const after = truth.onceReady(guarded)
  if (granted && !isReady(pod) && isActive(pod) && truth.wasOnceReady(pod)) truth.lostUnready(guarded)
  if (granted && isReady(pod) && isActive(pod) && after + truth.unseenLosses(guarded) < guardedLeast)
    truth.broken.push(
      `${after} pods of ${guarded} are left by the eviction of ${name}, ${guardedLeast} are to be`,
    )
  return `evict ${name}: ${granted ? 'granted' : 'refused'}`
}

const endContainer: Step = async (scene) => {
  const { world, random } = scene
  const { items } = await world.client.resource(Pod).list({ namespace: 'default' })
  const isLit = (name: string): boolean =>
    !scene.dark.has(name) && world.nodes.get(name)?.isRegistered === true
  const running = items.filter(
    ({ spec, status }) => status?.phase === 'Running' && isLit(spec?.nodeName ?? ''),
  )
  const pod = pick(random, running)
  if (pod === undefined) return 'no container to end'
  world.node(pod.spec?.nodeName ?? '').runtime.endContainer(pod.metadata?.uid ?? '', 'main', 1)
  return `end the container of ${pod.metadata?.name}`
}

/** Some machine always stays. */
const leastLit = 2

const powerCut: Step = async ({ world, random, dark, cut }) => {
  const lit = [...world.nodes.keys()].filter((name) => !dark.has(name))
  const name = pick(random, lit)
  if (name === undefined || lit.length <= leastLit) return 'no machine to lose'
  world.node(name).process.kill()
  dark.add(name)
  cut.delete(name)
  return `${name} loses its power`
}

export function powerOn({ world, dark }: Scene, name: string): void {
  world.startNode({ name })
  dark.delete(name)
}

const reboot: Step = async (scene) => {
  const name = pick(scene.random, [...scene.dark])
  if (name === undefined) return 'no machine to start'
  powerOn(scene, name)
  return `${name} has its power again`
}

const cutOff: Step = async ({ world, random, dark, cut }) => {
  const name = pick(
    random,
    [...world.nodes.keys()].filter((each) => !dark.has(each)),
  )
  if (name === undefined) return 'nobody to cut off'
  if (cut.delete(name)) {
    world.node(name).link.heal()
    return `${name} is in touch again`
  }
  world.node(name).link.cut()
  cut.add(name)
  return `${name} is cut off`
}

const freeze: Step = async ({ world, random }) => {
  const running = world.controls.filter(({ process }) => !process.isDead)
  const chosen = pick(random, running)
  if (chosen === undefined) return 'no control process to freeze'
  const ms = Math.floor(25_000 * random.next())
  chosen.process.freeze()
  world.host.schedule(ms, () => {
    if (!chosen.process.isDead) chosen.process.thaw()
  })
  return `${chosen.name} stands still for ${ms} ms`
}

const restartServer: Step = async ({ world }) => {
  await world.restartServer()
  return 'the API server is restarted'
}

/** As often as they are listed. */
const steps: readonly Step[] = [
  ...[wait, wait, wait, wait, wait, wait],
  ...[scale, scale, scale, rollOut, rollOut, rollOutEverywhere],
  ...[startJob, startJob, deleteJob],
  ...[deletePod, deletePod, evict, evict, evict, endContainer],
  ...[powerCut, reboot, reboot, cutOff, cutOff, freeze, restartServer],
]

export async function nextStep(scene: Scene): Promise<string> {
  const step = pick(scene.random, steps) ?? wait
  const what = await step(scene)
  await scene.world.advance(Math.floor(2_000 * scene.random.next() ** 2))
  return what
}
