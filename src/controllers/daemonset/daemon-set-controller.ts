import { ControllerRevision } from '../../api/apps/controller-revision/kind.ts'
import { DaemonSet } from '../../api/apps/daemon-set/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { podAvailableAtMs } from '../../api/core/pod/pod-state.ts'
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
import { templateRevisionData } from '../../reconcile/revision-template.ts'
import { slowStart } from '../../reconcile/slow-start.ts'
import { hashLabel, hashOf, makeDaemonPod, targetNode } from './daemon-pod.ts'
import { daemonSetStatus } from './daemon-set-status.ts'
import { FailureBackOff } from './failure-back-off.ts'
import { type DaemonInput, type DaemonPlan, planDaemons } from './plan-daemons.ts'

type Daemons = apps.v1.DaemonSet
type Revision = apps.v1.ControllerRevision

/** Creations, and deletions, of one reconcile at most. */
const burst = 250
const defaultHistoryLimit = 10

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function claimPods(
  set: Daemons,
  selector: LabelMatcher,
  { api, cache }: ReconcileContext,
): Promise<readonly core.v1.Pod[]> {
  const { namespace = '', name = '', uid = '' } = set.metadata ?? {}
  const pods = cache.of(Pod)
  return claimObjects({
    ownerKind: DaemonSet,
    owner: set,
    liveOwner: () => api.resource(DaemonSet).get(namespace, name),
    candidates: [
      ...pods.byIndex(controllerIndex, uid),
      ...pods.byIndex(controllerIndex, orphanKey(namespace)),
    ],
    matches: (pod) => selector.matches(pod.metadata?.labels),
    api: api.resource(Pod),
  })
}

async function claimRevisions(
  set: Daemons,
  selector: LabelMatcher,
  { api, cache }: ReconcileContext,
): Promise<readonly Revision[]> {
  const { namespace = '', name = '', uid = '' } = set.metadata ?? {}
  const revisions = cache.of(ControllerRevision)
  const claimed = await claimObjects({
    ownerKind: DaemonSet,
    owner: set,
    liveOwner: () => api.resource(DaemonSet).get(namespace, name),
    candidates: [
      ...revisions.byIndex(controllerIndex, uid),
      ...revisions.byIndex(controllerIndex, orphanKey(namespace)),
    ],
    matches: ({ metadata }) => selector.matches(metadata?.labels),
    api: api.resource(ControllerRevision),
  })
  return sortedRevisions(claimed)
}

async function createPods(
  { set, hash }: DaemonInput,
  nodes: readonly string[],
  { api, events }: ReconcileContext,
): Promise<unknown> {
  const waiting = nodes.slice(0, burst).values()
  const { errors } = await slowStart(Math.min(nodes.length, burst), async () => {
    const next = waiting.next()
    if (next.done === true) return
    try {
      const created = await api.resource(Pod).create(makeDaemonPod(set, next.value, hash))
      events.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata?.name}`)
    } catch (error) {
      // Nothing can be created in a namespace that goes away: no news.
      if (hasCause(error, 'NamespaceTerminating')) return
      events.event(set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`)
      throw error
    }
  })
  return errors[0]
}

async function deletePods(
  { set }: DaemonInput,
  pods: readonly core.v1.Pod[],
  { api, events }: ReconcileContext,
): Promise<unknown> {
  let failure: unknown
  await Promise.all(
    pods.slice(0, burst).map(async ({ metadata: { namespace = '', name = '' } = {} }) => {
      try {
        await api.resource(Pod).delete(namespace, name, {})
        events.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      } catch (error) {
        if (isStatus(error, 'NotFound')) return
        events.event(set, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`)
        failure ??= error
      }
    }),
  )
  return failure
}

interface Tolerated {
  readonly remove: readonly core.v1.Pod[]
  /** When the next pod that has failed may go; undefined: none waits. */
  readonly afterMs: number | undefined
}

/** Pods that have failed wait for their time; of those that go now it is told. */
function holdBack(
  { set, nowMs }: DaemonInput,
  { remove, ended }: DaemonPlan,
  backOff: FailureBackOff,
  { events }: ReconcileContext,
): Tolerated {
  const waiting = new Set<core.v1.Pod>()
  let afterMs: number | undefined
  for (const pod of ended) {
    const { namespace, name } = pod.metadata ?? {}
    const node = targetNode(pod) ?? ''
    if (pod.status?.phase === 'Succeeded') {
      const text = `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`
      events.event(set, 'Normal', 'SucceededDaemonPod', text)
      continue
    }
    const waitMs = backOff.wait(`${set.metadata?.uid}/${node}`, nowMs)
    if (waitMs > 0) {
      waiting.add(pod)
      afterMs = Math.min(afterMs ?? waitMs, waitMs)
    } else {
      const text = `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`
      events.event(set, 'Warning', 'FailedDaemonPod', text)
    }
  }
  return { remove: remove.filter((pod) => !waiting.has(pod)), afterMs }
}

async function truncateHistory(
  set: Daemons,
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

/** When the next ready pod has been ready long enough, or the next failed one may go. */
function nextLook({ set, pods, nowMs }: DaemonInput, afterMs: number | undefined): Outcome {
  const times = pods
    .map((pod) => (podAvailableAtMs(pod, set.spec?.minReadySeconds ?? 0) ?? 0) - nowMs)
    .filter((ms) => ms > 0)
  const all = afterMs === undefined ? times : [...times, afterMs]
  return all.length === 0 ? done : requeueAfter(Math.min(...all))
}

async function reconcile(key: Key, backOff: FailureBackOff, context: ReconcileContext): Promise<Outcome> {
  const { cache, api, host, events } = context
  const [namespace, name] = splitKey(key)
  const set = cache.of(DaemonSet).get(namespace, name)
  if (set === undefined || set.metadata?.deletionTimestamp !== undefined) return done
  const selector = labelMatcherOf(set.spec?.selector)
  if ('error' in selector) return done
  if (jsonEqual(set.spec?.selector, {})) {
    const text = 'This daemon set is selecting all pods. A non-empty selector is required.'
    events.event(set, 'Warning', 'SelectingAll', text)
    return done
  }
  const revisions = await claimRevisions(set, selector, context)
  const request = {
    kind: DaemonSet,
    owner: set,
    data: templateRevisionData(set.spec?.template),
    labels: set.spec?.template.metadata?.labels ?? {},
    annotations: set.metadata?.annotations ?? {},
    hashLabel,
  }
  const known = set.status?.collisionCount ?? 0
  const { revision, collisionCount } = await ensureRevision(
    api.resource(ControllerRevision),
    revisions,
    request,
    known,
  )
  const input: DaemonInput = {
    set,
    nodes: cache.of(Node).list(),
    pods: await claimPods(set, selector, context),
    hash: revision.metadata?.labels?.[hashLabel] ?? '',
    nowMs: host.now(),
  }
  const plan = planDaemons(input)
  const { remove, afterMs } = holdBack(input, plan, backOff, context)
  const failures = [await createPods(input, plan.create, context), await deletePods(input, remove, context)]
  const status = daemonSetStatus(input, collisionCount)
  if (!jsonEqual(set.status, status)) await api.resource(DaemonSet).updateStatus({ ...set, status })
  const failure = failures.find((each) => each !== undefined)
  if (failure !== undefined) throw failure
  const hashes = new Set([input.hash, ...input.pods.map(hashOf)])
  const live = revisions.filter(({ metadata }) => hashes.has(metadata?.labels?.[hashLabel] ?? ''))
  await truncateHistory(set, revisions, new Set(live.map(({ metadata }) => metadata?.name ?? '')), context)
  return nextLook(input, afterMs)
}

/** Sets that may want to adopt a pod without controller. */
function setsSelecting(pod: core.v1.Pod, cache: Caches): readonly Key[] {
  if (controllerOf(pod) !== undefined || pod.metadata?.deletionTimestamp !== undefined) return []
  return cache
    .of(DaemonSet)
    .list(pod.metadata?.namespace ?? '')
    .filter((set) => validLabelMatcher(set.spec?.selector).matches(pod.metadata?.labels))
    .map(keyOf)
}

/** What of a node decides whether daemons run there. */
const placement = (node: core.v1.Node | undefined): unknown =>
  node && [node.metadata?.labels ?? {}, node.spec?.taints ?? []]

/** Keeps one pod of each DaemonSet on every node that is one of its. */
export function daemonSetController(): AnyController {
  const backOff = new FailureBackOff()
  return defineController({
    name: 'daemonset',
    reconciles: DaemonSet,
    owns: [Pod, ControllerRevision],
    watches: [
      watching({ kind: Pod, keys: (pod, { cache }) => setsSelecting(pod, cache) }),
      watching({
        kind: Node,
        when: (node, old) => !jsonEqual(placement(node), placement(old)),
        keys: (_, { cache }) => cache.of(DaemonSet).list().map(keyOf),
      }),
    ],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['create', 'delete', 'list', 'patch', 'watch'] },
      { group: '', resources: ['nodes'], verbs: ['list', 'watch'] },
      { group: 'apps', resources: ['daemonsets'], verbs: ['get', 'list', 'watch'] },
      { group: 'apps', resources: ['daemonsets/status', 'daemonsets/finalizers'], verbs: ['update'] },
      {
        group: 'apps',
        resources: ['controllerrevisions'],
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
      },
    ],
    reconcile: (key, context) => reconcile(key, backOff, context),
  })
}
