import { ControllerRevision } from '../../api/apps/controller-revision/kind.ts'
import { StatefulSet } from '../../api/apps/stateful-set/kind.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { nextPodAvailabilityMs } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { labelMatcherOf, validLabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { claimDependents } from '../../reconcile/claim-dependents.ts'
import {
  type AnyController,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
} from '../../reconcile/controller.ts'
import { splitKey } from '../../reconcile/owner-references.ts'
import { ensureRevision, sortedRevisions, truncateHistory } from '../../reconcile/revision-history.ts'
import { revisionTemplate, templateRevisionData } from '../../reconcile/revision-template.ts'
import { slowStart } from '../../reconcile/slow-start.ts'
import { watchOrphans } from '../../reconcile/watch-orphans.ts'
import { applyStep } from './apply-step.ts'
import { revisionOf } from './identity.ts'
import type { VersionedTemplate } from './make-pod.ts'
import { ordinalOf } from './ordinals.ts'
import { planStatefulSet, type Step } from './plan-stateful-set.ts'
import { statefulSetStatus } from './stateful-set-status.ts'

type Set = apps.v1.StatefulSet
type Revision = apps.v1.ControllerRevision

const versioned = (revision: Revision): VersionedTemplate => ({
  name: revision.metadata?.name ?? '',
  template: revisionTemplate(revision),
})

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

async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
  const { cache, api, host } = context
  const [namespace, name] = splitKey(key)
  const set = cache.of(StatefulSet).get(namespace, name)
  if (set === undefined) return done
  const selector = labelMatcherOf(set.spec?.selector)
  if ('error' in selector) return done
  const own = {
    ownerKind: StatefulSet,
    owner: set,
    matches: ({ metadata }: KubernetesObject) => selector.matches(metadata?.labels),
  }
  const revisions = sortedRevisions(await claimDependents({ ...own, kind: ControllerRevision }, context))
  const considers = (pod: core.v1.Pod): boolean => ordinalOf(set, pod) !== undefined
  const pods = await claimDependents({ ...own, kind: Pod, considers }, context)
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
  const live = new Set([names.current, names.update, ...pods.map(revisionOf)])
  await truncateHistory(api.resource(ControllerRevision), revisions, live, set.spec?.revisionHistoryLimit)
  const nextMs = nextPodAvailabilityMs(pods, set.spec?.minReadySeconds ?? 0, nowMs)
  return nextMs === undefined ? done : requeueAfter(nextMs)
}

/** Keeps the pods of each StatefulSet, each with its name and its claims, in their order. */
export const statefulSetController: AnyController = defineController({
  name: 'statefulset',
  reconciles: StatefulSet,
  owns: [Pod, ControllerRevision],
  watches: [
    watchOrphans(
      Pod,
      StatefulSet,
      (set, pod) =>
        ordinalOf(set, pod) !== undefined &&
        validLabelMatcher(set.spec?.selector).matches(pod.metadata?.labels),
    ),
  ],
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
