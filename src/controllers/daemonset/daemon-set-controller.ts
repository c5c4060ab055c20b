import { ControllerRevision } from '../../api/apps/controller-revision/kind.ts'
import { DaemonSet } from '../../api/apps/daemon-set/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { nextPodAvailabilityMs } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
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
  watching,
} from '../../reconcile/controller.ts'
import { keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { createPods, deletePods } from '../../reconcile/pod-control.ts'
import { ensureRevision, sortedRevisions, truncateHistory } from '../../reconcile/revision-history.ts'
import { templateRevisionData } from '../../reconcile/revision-template.ts'
import { watchOrphans } from '../../reconcile/watch-orphans.ts'
import { hashLabel, hashOf, makeDaemonPod, targetNode } from './daemon-pod.ts'
import { daemonSetStatus } from './daemon-set-status.ts'
import { FailureBackOff } from './failure-back-off.ts'
import { type DaemonInput, type DaemonPlan, planDaemons } from './plan-daemons.ts'

/** Creations, and deletions, of one reconcile at most. */
const burst = 250

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

/** When the next ready pod has been ready long enough, or the next failed one may go. */
function nextLook({ set, pods, nowMs }: DaemonInput, afterMs: number | undefined): Outcome {
  const availableMs = nextPodAvailabilityMs(pods, set.spec?.minReadySeconds ?? 0, nowMs)
  const nextMs = Math.min(availableMs ?? Infinity, afterMs ?? Infinity)
  return nextMs === Infinity ? done : requeueAfter(nextMs)
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
  const own = {
    ownerKind: DaemonSet,
    owner: set,
    matches: ({ metadata }: KubernetesObject) => selector.matches(metadata?.labels),
  }
  const revisions = sortedRevisions(await claimDependents({ ...own, kind: ControllerRevision }, context))
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
    pods: await claimDependents({ ...own, kind: Pod }, context),
    hash: revision.metadata?.labels?.[hashLabel] ?? '',
    nowMs: host.now(),
  }
  const plan = planDaemons(input)
  const { remove, afterMs } = holdBack(input, plan, backOff, context)
  const created = plan.create.slice(0, burst).map((node) => makeDaemonPod(set, node, input.hash))
  const creations = await createPods(set, created, context)
  const deletions = await deletePods(set, remove.slice(0, burst), context)
  const status = daemonSetStatus(input, collisionCount)
  if (!jsonEqual(set.status, status)) await api.resource(DaemonSet).updateStatus({ ...set, status })
  const failure = creations.failure ?? deletions.failure
  if (failure !== undefined) throw failure
  const hashes = new Set([input.hash, ...input.pods.map(hashOf)])
  const live = revisions.filter(({ metadata }) => hashes.has(metadata?.labels?.[hashLabel] ?? ''))
  const names = new Set(live.map(({ metadata }) => metadata?.name ?? ''))
  await truncateHistory(api.resource(ControllerRevision), revisions, names, set.spec?.revisionHistoryLimit)
  return nextLook(input, afterMs)
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
      watchOrphans(Pod, DaemonSet, (set, pod) =>
        validLabelMatcher(set.spec?.selector).matches(pod.metadata?.labels),
      ),
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
