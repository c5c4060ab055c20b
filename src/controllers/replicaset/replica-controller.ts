import { Pod } from '../../api/core/pod/kind.ts'
import { isPodActive, isPodTerminating, nextPodAvailabilityMs } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { LabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import type { Histogram, Metrics } from '../../base/metrics.ts'
import { claimDependents } from '../../reconcile/claim-dependents.ts'
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
} from '../../reconcile/controller.ts'
import {
  controllerIndex,
  controllerIndexers,
  controllerOf,
  controllerReference,
  splitKey,
} from '../../reconcile/owner-references.ts'
import { createPods, deletePods } from '../../reconcile/pod-control.ts'
import { podFromTemplate } from '../../reconcile/pod-from-template.ts'
import { watchOrphans } from '../../reconcile/watch-orphans.ts'
import { ageRatios } from './age-ratios.ts'
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
  /** Whom its events are from, where that is not its name. */
  readonly reportsAs?: string
  readonly kind: KindDeclaration<T>
  /** An error for a selector that no server would have taken. */
  readonly selectorOf: (owner: T) => LabelMatcher | { readonly error: string }
  /** The kind's own status. */
  readonly withStatus: (owner: T, status: ReplicaStatus) => T
}

/** Time in which changes of a set's pods gather before its status is looked at again. */
const spacingMs = 20

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

function replicas<T extends ReplicaOwner>(
  { kind }: ReplicaFlavour<T>,
  set: T,
  count: number,
): readonly core.v1.Pod[] {
  const pod = podFromTemplate(set.spec?.template, set, controllerReference(kind, set))
  return Array.from({ length: count }, () => pod)
}

/** Registered when it is first asked for, which is at the start. */
const ageRatioHistogram = ({ metrics }: { readonly metrics: Metrics }): Histogram =>
  metrics.histogram({
    name: 'replicaset_controller_sorting_deletion_age_ratio',
    help: "The ratio of chosen deleted pod's ages to the current youngest pod's age (at the time). Should be <2. The intent of this metric is to measure the rough efficacy of the LogarithmicScaleDown feature gate's effect on the sorting (and deletion) of pods when a replicaset scales down. This only considers Ready pods when calculating and reporting.",
    buckets: [0.25, 0.5, 1, 2, 4, 8],
  })

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
  const matches = ({ metadata }: core.v1.Pod): boolean => selector.matches(metadata?.labels)
  const own = cache.of(Pod).byIndex(controllerIndex, set.metadata?.uid ?? '')
  const dependents = { ownerKind: kind, owner: set, kind: Pod, matches, considers: isPodActive }
  const pods = await claimDependents(dependents, context)
  const terminating = own.filter((pod) => isPodTerminating(pod) && matches(pod))
  const nowMs = host.now()
  const related = pods.length > (set.spec?.replicas ?? 0) ? relatedPods(flavour, cache, set) : []
  const plan = planReplicas(set, pods, related, nowMs)
  if (plan.remove.length > 0 && plan.remove.length < pods.length) {
    for (const ratio of ageRatios(pods, plan.remove, nowMs)) ageRatioHistogram(context).observe(ratio)
  }
  const { failure } =
    plan.create > 0
      ? await createPods(set, replicas(flavour, set, plan.create), context)
      : await deletePods(set, plan.remove, context)
  const observed = { pods, terminating: terminating.length, failure, nowMs }
  const next = flavour.withStatus(set, replicaStatus(set, observed))
  if (!jsonEqual(set.status, next.status)) await api.resource(kind).updateStatus(next)
  if (failure !== undefined) throw failure
  const nextMs = nextPodAvailabilityMs(pods, set.spec?.minReadySeconds ?? 0, nowMs)
  return nextMs === undefined ? done : requeueAfter(nextMs)
}

/** Keeps as many pods as each owner wants. */
export function replicaController<T extends ReplicaOwner>(flavour: ReplicaFlavour<T>): AnyController {
  const { name, reportsAs, kind } = flavour
  const { group, resource } = kind
  return defineController<T>({
    name,
    ...(reportsAs === undefined ? {} : { reportsAs }),
    reconciles: kind,
    owns: [Pod],
    watches: [
      watchOrphans(Pod, kind, (owner, pod) => {
        const selector = flavour.selectorOf(owner)
        return !('error' in selector) && selector.matches(pod.metadata?.labels)
      }),
    ],
    indexers: [indexing<KubernetesObject>(kind, controllerIndexers)],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['create', 'delete', 'list', 'patch', 'watch'] },
      { group, resources: [resource], verbs: ['get', 'list', 'update', 'watch'] },
      { group, resources: [`${resource}/status`, `${resource}/finalizers`], verbs: ['update'] },
    ],
    spacingMs,
    setUp: ageRatioHistogram,
    reconcile: (key, context) => reconcile(flavour, key, context),
  })
}
