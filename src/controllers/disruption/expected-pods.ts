import { Deployment } from '../../api/apps/deployment/kind.ts'
import { ReplicaSet } from '../../api/apps/replica-set/kind.ts'
import { StatefulSet } from '../../api/apps/stateful-set/kind.ts'
import { ReplicationController } from '../../api/core/replication-controller/kind.ts'
import type { autoscaling, core } from '../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import type { KubernetesObject, OwnerReference } from '../../apimachinery/meta.ts'
import { isStatus, qualified } from '../../apimachinery/status-error.ts'
import type { ReconcileContext } from '../../reconcile/controller.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { controllerOf, refersTo } from '../../reconcile/owner-references.ts'

interface Scaled {
  readonly uid: string
  readonly replicas: number
}

interface Replicated extends KubernetesObject {
  readonly spec?: { readonly replicas?: number }
}

export interface ExpectedPods {
  readonly count: number
  /** Names of pods that nobody controls: they are not counted. */
  readonly unmanaged: readonly string[]
}

/** The kinds whose scale is in a cache. */
export const scaledKinds = [ReplicationController, ReplicaSet, Deployment, StatefulSet]

/** How many pods there should be: the sum of the scales of all that control one of the pods. Throws where one has no scale. */
export async function expectedPods(
  pods: readonly core.v1.Pod[],
  kinds: KindSource,
  context: ReconcileContext,
): Promise<ExpectedPods> {
  const scales = new Map<string, number>()
  const looked = new Set<string>()
  const unmanaged: string[] = []
  for (const pod of pods) {
    const { namespace = '', name = '' } = pod.metadata ?? {}
    const reference = controllerOf(pod)
    if (reference === undefined) unmanaged.push(name)
    if (reference === undefined || looked.has(reference.uid)) continue
    looked.add(reference.uid)
    const found =
      cachedScale(reference, namespace, context) ?? (await servedScale(reference, namespace, kinds, context))
    if (found === undefined) throw new Error(`found no controllers for pod ${goQuote(name)}`)
    scales.set(found.uid, found.replicas)
  }
  return { count: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged }
}

/** A reference's object as the cache has it; a pod's ReplicaSet stands for its Deployment. */
function cachedScale(
  reference: OwnerReference,
  namespace: string,
  context: ReconcileContext,
): Scaled | undefined {
  const owner =
    referred(reference, namespace, ReplicationController, context) ??
    referred(reference, namespace, ReplicaSet, context) ??
    referred(reference, namespace, StatefulSet, context)
  if (owner === undefined) return undefined
  const above = refersTo(reference, ReplicaSet) ? controllerOf(owner) : undefined
  if (above?.kind !== Deployment.kind) return scaleOf(owner)
  const deployment = referred(above, namespace, Deployment, context)
  return deployment === undefined ? undefined : scaleOf(deployment)
}

function referred<T extends Replicated>(
  reference: OwnerReference,
  namespace: string,
  kind: KindDeclaration<T>,
  { cache }: ReconcileContext,
): T | undefined {
  if (!refersTo(reference, kind)) return undefined
  const object = cache.of(kind).get(namespace, reference.name)
  return object?.metadata?.uid === reference.uid ? object : undefined
}

const scaleOf = ({ metadata, spec }: Replicated): Scaled => ({
  uid: metadata?.uid ?? '',
  replicas: spec?.replicas ?? 0,
})

/** What the `scale` subresource of any other kind says. */
async function servedScale(
  reference: OwnerReference,
  namespace: string,
  kinds: KindSource,
  { api }: ReconcileContext,
): Promise<Scaled | undefined> {
  const { apiVersion, name, uid } = reference
  const candidates = kinds.list().filter((each) => refersTo(reference, each))
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const kind = candidates.find((each) => each.version === version) ?? candidates[0]
  if (kind === undefined)
    throw new Error(`no matches for kind ${goQuote(reference.kind)} in version ${goQuote(apiVersion)}`)
  if (kind.subresources.scale === undefined)
    throw new Error(`${qualified(kind)} does not implement the scale subresource`)
  try {
    const scale = await api.resource(kind).getSubresource<autoscaling.v1.Scale>(namespace, name, 'scale')
    return scale.metadata?.uid === uid ? scaleOf(scale) : undefined
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}
