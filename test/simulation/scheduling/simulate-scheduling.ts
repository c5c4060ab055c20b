import { Node } from '../../../src/api/core/node/kind.ts'
import { PersistentVolume } from '../../../src/api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../src/api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../../src/api/core/pod/kind.ts'
import { isPodTerminal } from '../../../src/api/core/pod/pod-state.ts'
import type { core } from '../../../src/api/generated/types/index.ts'
import { DeviceClass } from '../../../src/api/resource/device-class/kind.ts'
import { ResourceClaim } from '../../../src/api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../../src/api/resource/resource-slice/kind.ts'
import { StorageClass } from '../../../src/api/storage/storage-class/kind.ts'
import type { KindDeclaration } from '../../../src/apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../../src/apimachinery/meta.ts'
import { isStatus } from '../../../src/apimachinery/status-error.ts'
import type { AnyKind } from '../../../src/client/informer.ts'
import { PodPlacer } from '../../../src/scheduler/cycle/schedule-pod.ts'
import { defaultProfile } from '../../../src/scheduler/default-profile.ts'
import { NodeTable } from '../../../src/scheduler/node-table.ts'
import { makePodInfo } from '../../../src/scheduler/pod-info.ts'
import { Nominator } from '../../../src/scheduler/queue/nominator.ts'
import { FixedInformers } from '../../../src/scheduler/testing/fixed-informers.ts'
import { pluginContext } from '../../../src/scheduler/testing/plugin-context.ts'
import { claimsFor, equip, giveBack, unequip } from './devices-and-volumes.ts'
import { SchedulingWorld } from './scheduling-world.ts'

const steps = 80
/** Nothing but events brings pods back in that time: it is less than they may be unschedulable. */
const calmMs = 60_000

interface Task {
  readonly world: SchedulingWorld
  readonly history: string[]
  /** A whole number below `limit`. */
  readonly dice: (limit: number) => number
  count: number
}

const node = (name: string, dice: Task['dice']): core.v1.Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `z${dice(3)}` },
  },
  spec: dice(4) === 0 ? { taints: [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }] } : {},
  status: { allocatable: { cpu: String(2 + dice(5)), memory: '32Gi', pods: String(3 + dice(6)) } },
})

function podSpec(dice: Task['dice']): core.v1.PodSpec {
  const labelSelector = { matchLabels: { app: `a${dice(3)}` } }
  const hostPort = dice(5) === 0 ? [{ containerPort: 80, hostPort: 8080 + dice(2) }] : []
  const term = { labelSelector, topologyKey: 'kubernetes.io/hostname' }
  const spread = {
    ...{ maxSkew: 1 + dice(2), topologyKey: 'topology.kubernetes.io/zone', labelSelector },
    whenUnsatisfiable: dice(2) === 0 ? 'DoNotSchedule' : 'ScheduleAnyway',
  }
  return {
    schedulerName: 'default-scheduler',
    priority: dice(4) === 0 ? 100 : 0,
    containers: [{ name: 'c', resources: { requests: { cpu: `${(1 + dice(8)) * 250}m` } }, ports: hostPort }],
    ...(dice(5) === 0 ? { tolerations: [{ operator: 'Exists' }] } : {}),
    ...(dice(6) === 0 ? { nodeSelector: { 'topology.kubernetes.io/zone': `z${dice(3)}` } } : {}),
    ...(dice(4) === 0
      ? { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }
      : {}),
    ...(dice(5) === 0 ? { topologySpreadConstraints: [spread] } : {}),
  }
}

const pick = <T>(items: readonly T[], dice: Task['dice']): T | undefined => items[dice(items.length)]

async function createPods({ world, dice, ...task }: Task): Promise<string> {
  const many = 1 + dice(4)
  for (let index = 0; index < many; index++) {
    const name = `p${task.count}-${index}`
    await world.client.resource(Pod).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: { app: `a${dice(3)}` } },
      spec: { ...podSpec(dice), ...(dice(4) === 0 ? await claimsFor(world.client, name, dice) : {}) },
    })
  }
  return `${many} pods`
}

async function endPod({ world, dice }: Task): Promise<string> {
  const pod = pick(await world.pods(), dice)
  const { name = '' } = pod?.metadata ?? {}
  if (pod === undefined) return 'no pod to end'
  if (dice(2) === 0) {
    await world.client.resource(Pod).delete('default', name)
    await giveBack(world.client, pod)
    return `${name} is deleted`
  }
  if (!pod.spec?.nodeName) return 'no pod ends'
  const patch = { status: { phase: 'Succeeded' } }
  const options = { subresource: 'status' }
  await world.client.resource(Pod).patch('default', name, 'application/merge-patch+json', patch, options)
  await giveBack(world.client, pod)
  return `${name} has ended`
}

async function changeLabels({ world, dice }: Task): Promise<string> {
  const pod = pick(await world.pods(), dice)
  if (pod === undefined) return 'no pod to change'
  const { name = '' } = pod.metadata ?? {}
  const patch = { metadata: { labels: { mood: `m${dice(2)}` } } }
  await world.client.resource(Pod).patch('default', name, 'application/merge-patch+json', patch)
  return `${name} has another label`
}

async function changeNode({ world, dice, count }: Task): Promise<string> {
  const nodes = world.client.resource(Node)
  const found = pick(await world.nodes(), dice)
  if (found === undefined || dice(3) === 0) {
    await nodes.create(node(`n${count}`, dice))
    await equip(world.client, `n${count}`, dice)
    return `n${count} comes`
  }
  const { name = '' } = found.metadata ?? {}
  switch (dice(4)) {
    case 0:
      await nodes.delete('', name)
      await unequip(world.client, name)
      return `${name} leaves`
    case 1: {
      const unschedulable = found.spec?.unschedulable !== true
      await nodes.patch('', name, 'application/merge-patch+json', { spec: { unschedulable } })
      return `${name}: unschedulable ${unschedulable}`
    }
    case 2:
      await nodes.patch('', name, 'application/merge-patch+json', { spec: { taints: null } })
      return `${name} has no taints`
    default: {
      const cpu = String(Number(found.status?.allocatable?.cpu) + 1)
      const patch = { status: { allocatable: { cpu } } }
      await nodes.patch('', name, 'application/merge-patch+json', patch, { subresource: 'status' })
      return `${name} has ${cpu} processors`
    }
  }
}

/** Kinds beside nodes and pods. */
const looksAt: readonly AnyKind[] = [
  ...[DeviceClass, ResourceClaim, ResourceSlice],
  ...[PersistentVolume, PersistentVolumeClaim, StorageClass],
]

/** Pods that wait although a scheduler that knows nothing of them would find a node at once. */
async function forgotten(world: SchedulingWorld): Promise<readonly string[]> {
  const table = new NodeTable()
  const pods = await world.pods()
  for (const each of await world.nodes()) table.setNode(each)
  for (const pod of pods)
    if (pod.spec?.nodeName && !isPodTerminal(pod)) table.addPod(pod.spec.nodeName, makePodInfo(pod))
  const nominated = new Nominator()
  const waiting = pods.filter((pod) => !pod.spec?.nodeName && !isPodTerminal(pod)).map(makePodInfo)
  for (const info of waiting) nominated.add(info)
  const placer = new PodPlacer({ table, nominated, random: () => 0, percentageOfNodesToScore: 100 })
  const informers = new FixedInformers()
  const fill = async <T extends KubernetesObject>(kind: KindDeclaration<T>): Promise<void> => {
    informers.set(kind, ...(await world.client.resource(kind).list()).items)
  }
  for (const kind of looksAt) await fill<KubernetesObject>(kind)
  const profile = defaultProfile(pluginContext({ table, informers }))
  return waiting
    .filter((info) => placer.select(info, profile).type === 'node')
    .map(({ key }) => `${key} fits and waits`)
}

/** Nodes and pods come and go, bindings are lost; what went wrong, and what happened. */
export async function simulateScheduling(
  seed: number,
): Promise<{ readonly wrong: readonly string[]; readonly history: readonly string[] }> {
  const world = new SchedulingWorld(seed)
  const { host } = world
  const dice = (limit: number): number => Math.trunc(host.random() * limit)
  const task: Task = { world, history: [], dice, count: 0 }
  await world.start()
  const acts = [createPods, createPods, createPods, endPod, endPod, changeLabels, changeNode, changeNode]
  const during = async <T>(work: Promise<T>): Promise<T> => {
    let done = false
    const ended = work.finally(() => {
      done = true
    })
    // It may fail while time passes: who waits for it hears of it below.
    ended.catch(() => {})
    while (!done) await host.advance(1)
    return ended
  }
  for (let step = 0; step < steps; step++) {
    task.count = step
    const act = pick(acts, dice) ?? createPods
    try {
      task.history.push(`${host.now()}: ${await during(act(task))}`)
    } catch (error) {
      if (!isStatus(error, 'NotFound', 'Conflict')) throw error
    }
    await host.advance(dice(10) === 0 ? dice(20_000) : dice(50))
  }
  await host.advance(calmMs)
  const wrong = [...world.wrong, ...(await during(forgotten(world)))]
  await world.stop()
  return { wrong, history: task.history }
}
