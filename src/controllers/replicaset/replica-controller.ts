import { Pod } from '../../api/core/pod/kind.ts'
import { isPodActive, isPodTerminating, podAvailableAtMs } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { LabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import { claimObjects } from '../../reconcile/claim-objects.ts'
import {
  type AnyController,
  type Caches,
  defineController,
  done,
  indexing,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import {
  controllerIndex,
  controllerIndexers,
  controllerOf,
  controllerReference,
  keyOf,
  orphanKey,
  splitKey,
} from '../../reconcile/owner-references.ts'
import { podFromTemplate } from '../../reconcile/pod-from-template.ts'
import { slowStart } from '../../reconcile/slow-start.ts'
import { planReplicas } from './plan-replicas.ts'
import { type ReplicaStatus, replicaStatus } from './replica-status.ts'

/** What ReplicaSets and ReplicationControllers have in common. */
export interface ReplicaOwner extends KubernetesObject {
  readonly spec?: {
    readonly replicas?: number
    readonly minReadySeconds?: number
    readonly template?: core.v1.PodTemplateSpec
  }
  readonly status?: ReplicaStatus
}

/** One of the two kinds. */
export interface ReplicaFlavour<T extends ReplicaOwner> {
  readonly name: string
  readonly kind: KindDeclaration<T>
  /** An error for a selector that no server would have taken. */
  readonly selectorOf: (owner: T) => LabelMatcher | { readonly error: string }
  /** The kind's own status. */
  readonly withStatus: (owner: T, status: ReplicaStatus) => T
}

/** Time in which changes of a set's pods gather before its status is looked at again. */
const spacingMs = 20

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Pods of the sets that have the same controller: what shares nodes with the set's own. */
function relatedPods<T extends ReplicaOwner>(
  { kind }: ReplicaFlavour<T>,
  cache: Caches,
  set: T,
): readonly core.v1.Pod[] {
  const controller = controllerOf(set)
  const siblings = controller === undefined ? [set] : cache.of(kind).byIndex(controllerIndex, controller.uid)
  return siblings.flatMap((sibling) => cache.of(Pod).byIndex(controllerIndex, sibling.metadata?.uid ?? ''))
}

async function createPods<T extends ReplicaOwner>(
  { kind }: ReplicaFlavour<T>,
  set: T,
  count: number,
  context: ReconcileContext,
): Promise<Error | undefined> {
  const { api, events } = context
  const pod = podFromTemplate(set.spec?.template, set, controllerReference(kind, set))
  const { errors } = await slowStart(count, async () => {
    try {
      const created = await api.resource(Pod).create(pod)
      events.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata?.name}`)
    } catch (error) {
      // Nothing can be created in a namespace that goes away: no news.
      if (hasCause(error, 'NamespaceTerminating')) return
      events.event(set, 'Warning', 'FailedCreate', `Error creating: ${asError(error).message}`)
      throw error
    }
  })
  return errors.length === 0 ? undefined : asError(errors[0])
}

async function deletePods(
  set: ReplicaOwner,
  pods: readonly core.v1.Pod[],
  { api, events }: ReconcileContext,
): Promise<Error | undefined> {
  let failure: Error | undefined
  await Promise.all(
    pods.map(async ({ metadata: { namespace = '', name = '', uid } = {} }) => {
      try {
        await api.resource(Pod).delete(namespace, name, uid === undefined ? {} : { preconditions: { uid } })
        events.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      } catch (error) {
        // It is gone, or another one has its name.
        if (isStatus(error, 'NotFound', 'Conflict')) return
        events.event(set, 'Warning', 'FailedDelete', `Error deleting: ${asError(error).message}`)
        failure ??= new Error(`unable to delete pods: ${asError(error).message}`)
      }
    }),
  )
  return failure
}

async function claimPods<T extends ReplicaOwner>(
  { kind }: ReplicaFlavour<T>,
  set: T,
  selector: LabelMatcher,
  pods: readonly core.v1.Pod[],
  { api }: ReconcileContext,
): Promise<readonly core.v1.Pod[]> {
  const { namespace = '', name = '' } = set.metadata ?? {}
  return claimObjects({
    ownerKind: kind,
    owner: set,
    liveOwner: () => api.resource(kind).get(namespace, name),
    candidates: pods.filter(isPodActive),
    matches: (pod) => selector.matches(pod.metadata?.labels),
    api: api.resource(Pod),
  })
}

/** When the next ready pod has been ready long enough, in milliseconds from now. */
function nextAvailability(
  set: ReplicaOwner,
  pods: readonly core.v1.Pod[],
  nowMs: number,
): number | undefined {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  let earliestMs: number | undefined
  for (const pod of pods) {
    const atMs = podAvailableAtMs(pod, minReadySeconds)
    if (atMs !== undefined && atMs > nowMs) earliestMs = Math.min(earliestMs ?? atMs, atMs)
  }
  return earliestMs === undefined ? undefined : earliestMs - nowMs
}

async function reconcile<T extends ReplicaOwner>(
  flavour: ReplicaFlavour<T>,
  key: Key,
  context: ReconcileContext,
): Promise<Outcome> {
  const { kind } = flavour
  const { cache, api, host } = context
  const [namespace, name] = splitKey(key)
  const set = cache.of(kind).get(namespace, name)
  if (set === undefined) return done
  const selector = flavour.selectorOf(set)
  if ('error' in selector) return done
  const uid = set.metadata?.uid ?? ''
  const own = cache.of(Pod).byIndex(controllerIndex, uid)
  const orphans = cache.of(Pod).byIndex(controllerIndex, orphanKey(namespace))
  const pods = await claimPods(flavour, set, selector, [...own, ...orphans], context)
  const terminating = own.filter((pod) => isPodTerminating(pod) && selector.matches(pod.metadata?.labels))
  const nowMs = host.now()
  const related = pods.length > (set.spec?.replicas ?? 0) ? relatedPods(flavour, cache, set) : []
  const plan = planReplicas(set, pods, related, nowMs)
  const failure =
    plan.create > 0
      ? await createPods(flavour, set, plan.create, context)
      : await deletePods(set, plan.remove, context)
  const observed = { pods, terminating: terminating.length, failure, nowMs }
  const next = flavour.withStatus(set, replicaStatus(set, observed))
  if (!jsonEqual(set.status, next.status)) await api.resource(kind).updateStatus(next)
  if (failure !== undefined) throw failure
  const nextMs = nextAvailability(set, pods, nowMs)
  return nextMs === undefined ? done : requeueAfter(nextMs)
}

/** Owners that may want to adopt a pod without controller. */
function ownersSelecting<T extends ReplicaOwner>(
  { kind, selectorOf }: ReplicaFlavour<T>,
  pod: core.v1.Pod,
  cache: Caches,
): readonly Key[] {
  if (controllerOf(pod) !== undefined || pod.metadata?.deletionTimestamp !== undefined) return []
  return cache
    .of(kind)
    .list(pod.metadata?.namespace ?? '')
    .filter((owner) => {
      const selector = selectorOf(owner)
      return !('error' in selector) && selector.matches(pod.metadata?.labels)
    })
    .map(keyOf)
}

/** Keeps as many pods as each owner wants. */
export function replicaController<T extends ReplicaOwner>(flavour: ReplicaFlavour<T>): AnyController {
  const { name, kind } = flavour
  const { group, resource } = kind
  return defineController<T>({
    name,
    reconciles: kind,
    owns: [Pod],
    watches: [
      watching({
        kind: Pod,
        when: (pod, old) =>
          pod !== undefined &&
          controllerOf(pod) === undefined &&
          (old === undefined ||
            controllerOf(old) !== undefined ||
            !jsonEqual(pod.metadata?.labels, old.metadata?.labels)),
        keys: (pod, { cache }) => ownersSelecting(flavour, pod, cache),
      }),
    ],
    indexers: [indexing<KubernetesObject>(kind, controllerIndexers)],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['create', 'delete', 'list', 'patch', 'watch'] },
      { group, resources: [resource], verbs: ['get', 'list', 'update', 'watch'] },
      { group, resources: [`${resource}/status`, `${resource}/finalizers`], verbs: ['update'] },
    ],
    spacingMs,
    reconcile: (key, context) => reconcile(flavour, key, context),
  })
}
