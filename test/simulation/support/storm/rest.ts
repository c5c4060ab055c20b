import {
  type apps,
  type core,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Job,
  type KubernetesObject,
  Node,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  StatefulSet,
} from '../../../../src/cluster/index.ts'
import { conditionOf, isReady } from '../workloads.ts'
import type { World } from '../world/world.ts'
import { guarded, guardedLeast } from './workload.ts'

const trackingFinalizer = 'batch.kubernetes.io/job-tracking'

interface Status {
  readonly observedGeneration?: number
  readonly replicas?: number
  readonly readyReplicas?: number
  readonly updatedReplicas?: number
  readonly availableReplicas?: number
}

const ownPods = (all: readonly core.v1.Pod[], name: string): readonly core.v1.Pod[] =>
  all.filter(({ metadata }) => metadata?.labels?.app === name)

function replicated(
  { metadata, spec, status }: apps.v1.Deployment | apps.v1.StatefulSet,
  all: readonly core.v1.Pod[],
): readonly string[] {
  const name = metadata?.name ?? ''
  const wanted = spec?.replicas ?? 1
  const pods = ownPods(all, name)
  const {
    observedGeneration,
    replicas = 0,
    readyReplicas = 0,
    updatedReplicas = 0,
    availableReplicas = 0,
  }: Status = status ?? {}
  const missing: string[] = []
  const ready = pods.filter(isReady).length
  if (pods.length !== wanted || ready !== wanted)
    missing.push(`${name}: ${ready} of ${pods.length} pods are ready, ${wanted} are wanted`)
  const counts = [replicas, readyReplicas, updatedReplicas, availableReplicas]
  if (observedGeneration !== metadata?.generation || counts.some((count) => count !== wanted))
    missing.push(`${name}: its status says ${JSON.stringify(status)}`)
  return missing
}

async function leftovers(world: World): Promise<readonly string[]> {
  const kinds = [Deployment, StatefulSet, DaemonSet, Job, ReplicaSet, Pod]
  const lists = await Promise.all(
    kinds.map((kind) => world.client.resource<KubernetesObject>(kind).list({ namespace: 'default' })),
  )
  const objects = lists.flatMap(({ items }) => items)
  const uids = new Set(objects.map(({ metadata }) => metadata?.uid))
  return objects
    .filter(({ metadata }) => metadata?.ownerReferences?.some(({ uid }) => !uids.has(uid)))
    .map(({ metadata }) => `${metadata?.name} has an owner that is gone`)
}

async function endpoints(
  world: World,
  name: string,
  pods: readonly core.v1.Pod[],
): Promise<readonly string[]> {
  const labelSelector = `kubernetes.io/service-name=${name}`
  const { items } = await world.client.resource(EndpointSlice).list({ namespace: 'default', labelSelector })
  const served = items
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready)
    .flatMap(({ addresses }) => addresses)
  const wanted = ownPods(pods, name).map(({ status }) => status?.podIP ?? '')
  return served.toSorted().join() === wanted.toSorted().join()
    ? []
    : [`${name}: its endpoints are ${served.join(', ')}, its pods ${wanted.join(', ')}`]
}

/** What is not yet as it was asked for; empty when everything has come to rest. */
export async function unfinished(world: World): Promise<readonly string[]> {
  const { client } = world
  const inDefault = { namespace: 'default' }
  const pods = (await client.resource(Pod).list(inDefault)).items
  const missing: string[] = []
  for (const each of (await client.resource(Deployment).list(inDefault)).items)
    missing.push(...replicated(each, pods))
  for (const each of (await client.resource(StatefulSet).list(inDefault)).items)
    missing.push(...replicated(each, pods))
  const nodes = (await client.resource(Node).list()).items
  for (const node of nodes) if (!isReady(node)) missing.push(`${node.metadata?.name} is not ready`)
  for (const { metadata, status } of (await client.resource(DaemonSet).list(inDefault)).items) {
    const { numberReady = 0, updatedNumberScheduled = 0 } = status ?? {}
    const own = ownPods(pods, metadata?.name ?? '').filter(isReady).length
    if (numberReady !== nodes.length || updatedNumberScheduled !== nodes.length || own !== nodes.length)
      missing.push(`${metadata?.name}: ${own} pods are ready, its status says ${JSON.stringify(status)}`)
  }
  for (const job of (await client.resource(Job).list(inDefault)).items) {
    const { metadata, spec, status } = job
    const isComplete = conditionOf(job, 'Complete') === 'True'
    if (!isComplete && conditionOf(job, 'Failed') !== 'True') missing.push(`${metadata?.name} has not ended`)
    if (isComplete && (status?.succeeded ?? 0) < (spec?.completions ?? 1))
      missing.push(`${metadata?.name}: ${status?.succeeded} of ${spec?.completions} succeeded`)
  }
  for (const { metadata } of pods)
    if (metadata?.finalizers?.includes(trackingFinalizer))
      missing.push(`${metadata.name} has not been counted`)
  const budget = (await client.resource(PodDisruptionBudget).get('default', guarded)).status
  const healthy = ownPods(pods, guarded).filter(isReady).length
  if (budget?.currentHealthy !== healthy || budget.disruptionsAllowed !== healthy - guardedLeast)
    missing.push(`the budget says ${JSON.stringify(budget)}`)
  for (const name of ['rolling', guarded]) missing.push(...(await endpoints(world, name, pods)))
  return [...missing, ...(await leftovers(world))]
}
