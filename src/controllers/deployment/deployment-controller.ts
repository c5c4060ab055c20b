import { Deployment } from '../../api/apps/deployment/kind.ts'
import { ReplicaSet } from '../../api/apps/replica-set/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { labelMatcherOf, validLabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import { messageOf } from '../../base/message-of.ts'
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
  watching,
} from '../../reconcile/controller.ts'
import {
  controllerIndex,
  controllerIndexers,
  controllerOf,
  keyOf,
  splitKey,
} from '../../reconcile/owner-references.ts'
import { watchOrphans } from '../../reconcile/watch-orphans.ts'
import { deadlineSeconds, progressing, withProgress } from './deployment-status.ts'
import { type DeploymentPlan, planDeployment } from './plan-deployment.ts'
import { planRollback } from './plan-rollback.ts'
import { sameTemplate, sizeOf } from './replica-sets.ts'

/** Time in which changes of the sets' status gather. */
const spacingMs = 20

/** Another object has the name that the template's hash gives: the next hash has to differ. */
async function handleCollision(
  deployment: apps.v1.Deployment,
  create: apps.v1.ReplicaSet,
  { api }: ReconcileContext,
  error: unknown,
): Promise<void> {
  const { namespace = '', name = '' } = create.metadata ?? {}
  const existing = await api.resource(ReplicaSet).get(namespace, name)
  const isOurs = controllerOf(existing)?.uid === deployment.metadata?.uid
  if (isOurs && sameTemplate(existing.spec?.template, deployment.spec?.template)) return
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
  const status = { ...deployment.status, collisionCount }
  await api.resource(Deployment).updateStatus({ ...deployment, status })
  throw error
}

async function reportFailedCreate(
  deployment: apps.v1.Deployment,
  create: apps.v1.ReplicaSet,
  { api, events, host }: ReconcileContext,
  error: unknown,
): Promise<void> {
  const why = messageOf(error)
  const message = `Failed to create new replica set "${create.metadata?.name}": ${why}`
  events.event(deployment, 'Warning', 'ReplicaSetCreateError', message)
  if (deadlineSeconds(deployment) === undefined) return
  const condition = progressing('False', 'ReplicaSetCreateError', message, host.now())
  const conditions = withProgress(deployment.status?.conditions ?? [], condition)
  if (conditions === deployment.status?.conditions) return
  await api.resource(Deployment).updateStatus({ ...deployment, status: { ...deployment.status, conditions } })
}

async function createSet(
  deployment: apps.v1.Deployment,
  create: apps.v1.ReplicaSet,
  context: ReconcileContext,
): Promise<void> {
  try {
    const { metadata } = await context.api.resource(ReplicaSet).create(create)
    const size = sizeOf(create)
    if (size === 0) return
    const message = `Scaled up replica set ${metadata?.name} from 0 to ${size}`
    context.events.event(deployment, 'Normal', 'ScalingReplicaSet', message)
  } catch (error) {
    if (isStatus(error, 'AlreadyExists')) return handleCollision(deployment, create, context, error)
    if (!hasCause(error, 'NamespaceTerminating')) {
      await reportFailedCreate(deployment, create, context, error)
    }
    throw error
  }
}

async function carryOut(
  deployment: apps.v1.Deployment,
  plan: DeploymentPlan,
  context: ReconcileContext,
): Promise<void> {
  const { api, events } = context
  if (plan.create !== undefined) await createSet(deployment, plan.create, context)
  for (const { set, from, to } of plan.updates) {
    await api.resource(ReplicaSet).update(set)
    if (from === to) continue
    const direction = from < to ? 'up' : 'down'
    const message = `Scaled ${direction} replica set ${set.metadata?.name} from ${from} to ${to}`
    events.event(deployment, 'Normal', 'ScalingReplicaSet', message)
  }
  for (const { metadata: { namespace = '', name = '' } = {} } of plan.remove) {
    try {
      await api.resource(ReplicaSet).delete(namespace, name)
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }
  if (plan.deployment !== deployment) await api.resource(Deployment).updateStatus(plan.deployment)
}

async function refuseToSelectAll(
  deployment: apps.v1.Deployment,
  { api, events }: ReconcileContext,
): Promise<Outcome> {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.'
  events.event(deployment, 'Warning', 'SelectingAll', message)
  const generation = deployment.metadata?.generation ?? 0
  if ((deployment.status?.observedGeneration ?? 0) < generation) {
    const status = { ...deployment.status, observedGeneration: generation }
    await api.resource(Deployment).updateStatus({ ...deployment, status })
  }
  return done
}

async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
  const { cache, api, events, host } = context
  const deployment = cache.of(Deployment).get(...splitKey(key))
  if (deployment === undefined) return done
  const selector = labelMatcherOf(deployment.spec?.selector)
  if ('error' in selector) return done
  if (selector.empty) return refuseToSelectAll(deployment, context)
  const matches = ({ metadata }: apps.v1.ReplicaSet): boolean => selector.matches(metadata?.labels)
  const dependents = { ownerKind: Deployment, owner: deployment, kind: ReplicaSet, matches }
  const sets = await claimDependents(dependents, context)
  const isActive = deployment.metadata?.deletionTimestamp === undefined && !deployment.spec?.paused
  const rollback = isActive ? planRollback(deployment, sets) : undefined
  if (rollback !== undefined) {
    await api.resource(Deployment).update(rollback.deployment)
    events.event(deployment, rollback.type, rollback.reason, rollback.message)
    return done
  }
  const plan = planDeployment({
    deployment,
    sets,
    podsOf: (set) => cache.of(Pod).byIndex(controllerIndex, set.metadata?.uid ?? ''),
    nowMs: host.now(),
  })
  try {
    await carryOut(deployment, plan, context)
  } catch (error) {
    // Nothing can be created in a namespace that goes away.
    if (hasCause(error, 'NamespaceTerminating')) return done
    throw error
  }
  return plan.checkAfterMs === undefined ? done : requeueAfter(plan.checkAfterMs)
}

/** The Deployment that waits for its old pods to be gone before it makes new ones. */
function recreatingDeployment(pod: core.v1.Pod, cache: Caches): readonly Key[] {
  const { namespace = '' } = pod.metadata ?? {}
  const setReference = controllerOf(pod)
  if (setReference?.kind !== ReplicaSet.kind) return []
  const set = cache.of(ReplicaSet).get(namespace, setReference.name)
  const owner = set && controllerOf(set)
  if (owner === undefined || set?.metadata?.uid !== setReference.uid) return []
  const deployment = cache.of(Deployment).get(namespace, owner.name)
  return deployment?.spec?.strategy?.type === 'Recreate' ? [keyOf(deployment)] : []
}

/** Rolls out what Deployments describe, ReplicaSet by ReplicaSet. */
export const deploymentController: AnyController = defineController({
  name: 'deployment',
  reconciles: Deployment,
  owns: [ReplicaSet],
  watches: [
    watchOrphans(ReplicaSet, Deployment, (deployment, set) => {
      const selector = validLabelMatcher(deployment.spec?.selector)
      return !selector.empty && selector.matches(set.metadata?.labels)
    }),
    watching({
      kind: Pod,
      when: (pod) => pod === undefined || isPodTerminal(pod),
      keys: (pod, { cache }) => recreatingDeployment(pod, cache),
    }),
  ],
  indexers: [indexing(Pod, controllerIndexers)],
  permissions: [
    { group: 'apps', resources: ['deployments'], verbs: ['get', 'list', 'update', 'watch'] },
    { group: 'apps', resources: ['deployments/status', 'deployments/finalizers'], verbs: ['update'] },
    {
      group: 'apps',
      resources: ['replicasets'],
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    },
  ],
  spacingMs,
  reconcile,
})
