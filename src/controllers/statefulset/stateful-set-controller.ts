import { ControllerRevision } from '../../api/apps/controller-revision/kind.ts'
import { StatefulSet } from '../../api/apps/stateful-set/kind.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { podAvailableAtMs } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import {
  type LabelMatcher,
  labelMatcherOf,
  validLabelMatcher,
} from '../../apimachinery/selectors/label-selector.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { claimObjects } from '../../reconcile/claim-objects.ts'
import {
  type AnyController,
  type Caches,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import {
  controllerIndex,
  controllerOf,
  keyOf,
  orphanKey,
  splitKey,
} from '../../reconcile/owner-references.ts'
import { ensureRevision, sortedRevisions, superfluousRevisions } from '../../reconcile/revision-history.ts'
import { revisionTemplate, templateRevisionData } from '../../reconcile/revision-template.ts'
import { slowStart } from '../../reconcile/slow-start.ts'
import { applyStep } from './apply-step.ts'
import { revisionOf } from './identity.ts'
import type { VersionedTemplate } from './make-pod.ts'
import { ordinalOf } from './ordinals.ts'
import { planStatefulSet, type Step } from './plan-stateful-set.ts'
import { statefulSetStatus } from './stateful-set-status.ts'

type Set = apps.v1.StatefulSet
type Revision = apps.v1.ControllerRevision

const defaultHistoryLimit = 10

const versioned = (revision: Revision): VersionedTemplate => ({
  name: revision.metadata?.name ?? '',
  template: revisionTemplate(revision),
})

async function claimRevisions(
  set: Set,
  selector: LabelMatcher,
  { api, cache }: ReconcileContext,
): Promise<readonly Revision[]> {
  const { namespace = '', name = '', uid = '' } = set.metadata ?? {}
  const revisions = cache.of(ControllerRevision)
  const claimed = await claimObjects({
    ownerKind: StatefulSet,
    owner: set,
    liveOwner: () => api.resource(StatefulSet).get(namespace, name),
    candidates: [
      ...revisions.byIndex(controllerIndex, uid),
      ...revisions.byIndex(controllerIndex, orphanKey(namespace)),
    ],
    matches: ({ metadata }) => selector.matches(metadata?.labels),
    api: api.resource(ControllerRevision),
  })
  return sortedRevisions(claimed)
}

async function claimPods(
  set: Set,
  selector: LabelMatcher,
  { api, cache }: ReconcileContext,
): Promise<readonly core.v1.Pod[]> {
  const { namespace = '', name = '', uid = '' } = set.metadata ?? {}
  const pods = cache.of(Pod)
  const candidates = [
    ...pods.byIndex(controllerIndex, uid),
    ...pods.byIndex(controllerIndex, orphanKey(namespace)),
  ]
  return claimObjects({
    ownerKind: StatefulSet,
    owner: set,
    liveOwner: () => api.resource(StatefulSet).get(namespace, name),
    candidates: candidates.filter((pod) => ordinalOf(set, pod) !== undefined),
    matches: (pod) => selector.matches(pod.metadata?.labels),
    api: api.resource(Pod),
  })
}

/** One after another where pods have an order; else in rounds of 1, 2, 4 …. The first failure ends it. */
async function applySteps(set: Set, steps: readonly Step[], context: ReconcileContext): Promise<unknown> {
  if (set.spec?.podManagementPolicy === 'Parallel') {
    const waiting = steps.values()
    const { errors } = await slowStart(steps.length, async () => {
      const next = waiting.next()
      if (next.done !== true) await applyStep(set, next.value, context)
    })
    return errors[0]
  }
  try {
    for (const step of steps) await applyStep(set, step, context)
  } catch (error) {
    return error
  }
  return undefined
}

function nextAvailability(set: Set, pods: readonly core.v1.Pod[], nowMs: number): number | undefined {
  const times = pods
    .map((pod) => podAvailableAtMs(pod, set.spec?.minReadySeconds ?? 0))
    .filter((atMs) => atMs !== undefined && atMs > nowMs)
  return times.length === 0 ? undefined : Math.min(...times.map(Number)) - nowMs
}

async function truncateHistory(
  set: Set,
  revisions: readonly Revision[],
  live: ReadonlySet<string>,
  { api }: ReconcileContext,
): Promise<void> {
  const limit = set.spec?.revisionHistoryLimit ?? defaultHistoryLimit
  for (const { metadata } of superfluousRevisions(revisions, live, limit)) {
    try {
      await api.resource(ControllerRevision).delete(metadata?.namespace ?? '', metadata?.name ?? '', {})
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }
}

async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
  const { cache, api, host } = context
  const [namespace, name] = splitKey(key)
  const set = cache.of(StatefulSet).get(namespace, name)
  if (set === undefined) return done
  const selector = labelMatcherOf(set.spec?.selector)
  if ('error' in selector) return done
  const revisions = await claimRevisions(set, selector, context)
  const pods = await claimPods(set, selector, context)
  const request = {
    kind: StatefulSet,
    owner: set,
    data: templateRevisionData(set.spec?.template),
    labels: set.spec?.template.metadata?.labels ?? {},
    annotations: set.metadata?.annotations ?? {},
    hashLabel: 'controller.kubernetes.io/hash',
  }
  const made = await ensureRevision(
    api.resource(ControllerRevision),
    revisions,
    request,
    set.status?.collisionCount ?? 0,
  )
  const current =
    revisions.find(({ metadata }) => metadata?.name === set.status?.currentRevision) ?? made.revision
  const nowMs = host.now()
  const input = {
    set,
    pods,
    claim: (claimName: string) => cache.of(PersistentVolumeClaim).get(namespace, claimName),
    current: versioned(current),
    update: versioned(made.revision),
    nowMs,
  }
  const failure = await applySteps(set, planStatefulSet(input), context)
  const names = { current: input.current.name, update: input.update.name }
  const status = statefulSetStatus(set, { pods, ...names, collisionCount: made.collisionCount, nowMs })
  if (!jsonEqual(set.status, status)) await api.resource(StatefulSet).updateStatus({ ...set, status })
  if (failure !== undefined) throw failure
  await truncateHistory(
    set,
    revisions,
    new Set([names.current, names.update, ...pods.map(revisionOf)]),
    context,
  )
  const nextMs = nextAvailability(set, pods, nowMs)
  return nextMs === undefined ? done : requeueAfter(nextMs)
}

/** Sets that may want to adopt a pod without controller. */
function setsSelecting(pod: core.v1.Pod, cache: Caches): readonly Key[] {
  if (controllerOf(pod) !== undefined || pod.metadata?.deletionTimestamp !== undefined) return []
  return cache
    .of(StatefulSet)
    .list(pod.metadata?.namespace ?? '')
    .filter(
      (set) =>
        ordinalOf(set, pod) !== undefined &&
        validLabelMatcher(set.spec?.selector).matches(pod.metadata?.labels),
    )
    .map(keyOf)
}

/** Keeps the pods of each StatefulSet, each with its name and its claims, in their order. */
export const statefulSetController: AnyController = defineController({
  name: 'statefulset',
  reconciles: StatefulSet,
  owns: [Pod, ControllerRevision],
  watches: [watching({ kind: Pod, keys: (pod, { cache }) => setsSelecting(pod, cache) })],
  reads: [PersistentVolumeClaim],
  permissions: [
    {
      group: '',
      resources: ['pods'],
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    },
    { group: '', resources: ['persistentvolumeclaims'], verbs: ['create', 'get', 'list', 'update', 'watch'] },
    { group: 'apps', resources: ['statefulsets'], verbs: ['get', 'list', 'watch'] },
    { group: 'apps', resources: ['statefulsets/status', 'statefulsets/finalizers'], verbs: ['update'] },
    {
      group: 'apps',
      resources: ['controllerrevisions'],
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    },
  ],
  reconcile,
})
