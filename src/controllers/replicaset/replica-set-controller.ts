import { ReplicaSet } from '../../api/apps/replica-set/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { isPodActive, isPodTerminating, podAvailableAtMs } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import {
  type LabelMatcher,
  labelMatcherOf,
  validLabelMatcher,
} from '../../apimachinery/selectors/label-selector.ts'
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
import { replicaSetStatus } from './replica-set-status.ts'

type Set = apps.v1.ReplicaSet

/** Time in which changes of a set's pods gather before its status is looked at again. */
const spacingMs = 20

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Pods of the sets that have the same controller: what shares nodes with the set's own. */
function relatedPods(cache: Caches, set: Set): readonly core.v1.Pod[] {
  const controller = controllerOf(set)
  const siblings =
    controller === undefined ? [set] : cache.of(ReplicaSet).byIndex(controllerIndex, controller.uid)
  return siblings.flatMap((sibling) => cache.of(Pod).byIndex(controllerIndex, sibling.metadata?.uid ?? ''))
}

async function createPods(set: Set, count: number, context: ReconcileContext): Promise<Error | undefined> {
  const { api, events } = context
  const pod = podFromTemplate(set.spec?.template, set, controllerReference(ReplicaSet, set))
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
  set: Set,
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

async function claimPods(
  set: Set,
  selector: LabelMatcher,
  pods: readonly core.v1.Pod[],
  { api }: ReconcileContext,
): Promise<readonly core.v1.Pod[]> {
  const { namespace = '', name = '' } = set.metadata ?? {}
  return claimObjects({
    ownerKind: ReplicaSet,
    owner: set,
    liveOwner: () => api.resource(ReplicaSet).get(namespace, name),
    candidates: pods.filter(isPodActive),
    matches: (pod) => selector.matches(pod.metadata?.labels),
    api: api.resource(Pod),
  })
}

/** When the next ready pod has been ready long enough, in milliseconds from now. */
function nextAvailability(set: Set, pods: readonly core.v1.Pod[], nowMs: number): number | undefined {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  let earliestMs: number | undefined
  for (const pod of pods) {
    const atMs = podAvailableAtMs(pod, minReadySeconds)
    if (atMs !== undefined && atMs > nowMs) earliestMs = Math.min(earliestMs ?? atMs, atMs)
  }
  return earliestMs === undefined ? undefined : earliestMs - nowMs
}

async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
  const { cache, api, host } = context
  const [namespace, name] = splitKey(key)
  const set = cache.of(ReplicaSet).get(namespace, name)
  if (set === undefined) return done
  const selector = labelMatcherOf(set.spec?.selector)
  if ('error' in selector) return done
  const uid = set.metadata?.uid ?? ''
  const own = cache.of(Pod).byIndex(controllerIndex, uid)
  const orphans = cache.of(Pod).byIndex(controllerIndex, orphanKey(namespace))
  const pods = await claimPods(set, selector, [...own, ...orphans], context)
  const terminating = own.filter((pod) => isPodTerminating(pod) && selector.matches(pod.metadata?.labels))
  const nowMs = host.now()
  const related = pods.length > (set.spec?.replicas ?? 0) ? relatedPods(cache, set) : []
  const plan = planReplicas(set, pods, related, nowMs)
  const failure =
    plan.create > 0
      ? await createPods(set, plan.create, context)
      : await deletePods(set, plan.remove, context)
  const observed = { pods, terminating: terminating.length, failure, nowMs }
  const status = replicaSetStatus(set, observed)
  if (!jsonEqual(set.status, status)) await api.resource(ReplicaSet).updateStatus({ ...set, status })
  if (failure !== undefined) throw failure
  const nextMs = nextAvailability(set, pods, nowMs)
  return nextMs === undefined ? done : requeueAfter(nextMs)
}

/** Sets that may want to adopt a pod without controller. */
function setsSelecting(pod: core.v1.Pod, cache: Caches): readonly Key[] {
  if (controllerOf(pod) !== undefined || pod.metadata?.deletionTimestamp !== undefined) return []
  return cache
    .of(ReplicaSet)
    .list(pod.metadata?.namespace ?? '')
    .filter((set) => validLabelMatcher(set.spec?.selector).matches(pod.metadata?.labels))
    .map(keyOf)
}

/** Keeps as many pods as each ReplicaSet wants. */
export const replicaSetController: AnyController = defineController({
  name: 'replicaset',
  reconciles: ReplicaSet,
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
      keys: (pod, { cache }) => setsSelecting(pod, cache),
    }),
  ],
  indexers: [indexing(ReplicaSet, controllerIndexers)],
  permissions: [
    { group: '', resources: ['pods'], verbs: ['create', 'delete', 'list', 'patch', 'watch'] },
    { group: 'apps', resources: ['replicasets'], verbs: ['get', 'list', 'update', 'watch'] },
    { group: 'apps', resources: ['replicasets/status', 'replicasets/finalizers'], verbs: ['update'] },
  ],
  spacingMs,
  reconcile,
})
