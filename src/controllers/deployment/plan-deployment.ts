import { Deployment as DeploymentKind } from '../../api/apps/deployment/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { StringMap } from '../../apimachinery/meta.ts'
import { defined } from '../../base/defined.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'
import { shortHash } from '../../reconcile/short-hash.ts'
import {
  byRevision,
  newestAnnotations,
  nextRevision,
  revisionAnnotation,
  scaledAnnotations,
} from './annotations.ts'
import {
  baseStatus,
  conditionOf,
  deadlineSeconds,
  isComplete,
  pausedConditions,
  progressCheckMs,
  progressing,
  rolloutStatus,
  withProgress,
} from './deployment-status.ts'
import {
  isScalingEvent,
  newestSize,
  planRecreate,
  planRollingUpdate,
  planScale,
  type Sizes,
} from './plan-sizes.ts'
import { isRollingUpdate, type SplitSets, sizeOf, splitSets, sum, templateHashLabel } from './replica-sets.ts'

type Deployment = apps.v1.Deployment
type ReplicaSet = apps.v1.ReplicaSet

/** What upstream takes for "keep all revisions". */
const noHistoryLimit = 2 ** 31 - 1

const maxNameLength = 253

export interface SetUpdate {
  /** As it is to be. */
  readonly set: ReplicaSet
  readonly from: number
  readonly to: number
}

export interface DeploymentPlan {
  /** The ReplicaSet of the Deployment's template, where it does not exist. */
  readonly create?: ReplicaSet
  readonly updates: readonly SetUpdate[]
  /** Old sets beyond the history's limit. */
  readonly remove: readonly ReplicaSet[]
  /** The Deployment with its status and revision as they are after that; the same object when nothing changes. */
  readonly deployment: Deployment
  /** When lack of progress has to be looked at. */
  readonly checkAfterMs: number | undefined
}

export interface DeploymentWorld {
  readonly deployment: Deployment
  /** All that it controls. */
  readonly sets: readonly ReplicaSet[]
  readonly podsOf: (set: ReplicaSet) => readonly core.v1.Pod[]
  readonly nowMs: number
}

/** The set that a Deployment's template asks for, by the name that its hash gives. */
function makeNewestSet(deployment: Deployment, revision: bigint, size: number): ReplicaSet {
  const { name = '', namespace } = deployment.metadata ?? {}
  const template = deployment.spec?.template ?? {}
  const hash = shortHash(template, deployment.status?.collisionCount)
  const labels = { ...template.metadata?.labels, [templateHashLabel]: hash }
  const selector = deployment.spec?.selector
  const annotations = {
    ...newestAnnotations(deployment, undefined, revision),
    ...scaledAnnotations(deployment),
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: defined({
      name: `${name.slice(0, maxNameLength - 1 - hash.length)}-${hash}`,
      namespace,
      labels,
      annotations,
      ownerReferences: [controllerReference(DeploymentKind, deployment)],
    }),
    spec: defined({
      replicas: size,
      minReadySeconds: deployment.spec?.minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [templateHashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    }),
  }
}

function withAnnotations(set: ReplicaSet, annotations: StringMap): ReplicaSet {
  return jsonEqual(set.metadata?.annotations ?? {}, annotations)
    ? set
    : { ...set, metadata: { ...set.metadata, annotations } }
}

/** The newest set with the Deployment's annotations, revision and minReadySeconds. */
function refreshed(deployment: Deployment, set: ReplicaSet, revision: bigint): ReplicaSet {
  const annotated = withAnnotations(set, newestAnnotations(deployment, set.metadata?.annotations, revision))
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0
  if (annotated.spec === undefined || (annotated.spec.minReadySeconds ?? 0) === minReadySeconds)
    return annotated
  return { ...annotated, spec: { ...annotated.spec, minReadySeconds } }
}

function resized(deployment: Deployment, set: ReplicaSet, size: number): ReplicaSet {
  const annotated = withAnnotations(set, { ...set.metadata?.annotations, ...scaledAnnotations(deployment) })
  if (annotated.spec === undefined || annotated.spec.replicas === size) return annotated
  return { ...annotated, spec: { ...annotated.spec, replicas: size } }
}

function oldPodsRun({ newest, old }: SplitSets, podsOf: DeploymentWorld['podsOf']): boolean {
  return (
    sum(old, (set) => set.status?.replicas ?? 0) > 0 ||
    old.some((set) => set !== newest && podsOf(set).some((pod) => !isPodTerminal(pod)))
  )
}

function removable(deployment: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? noHistoryLimit
  const alive = old.filter((set) => set.metadata?.deletionTimestamp === undefined)
  const excess = alive.length - limit
  if (limit === noHistoryLimit || excess <= 0) return []
  return [...alive]
    .sort(byRevision)
    .slice(0, excess)
    .filter(
      (set) =>
        sizeOf(set) === 0 &&
        (set.status?.replicas ?? 0) === 0 &&
        (set.metadata?.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    )
}

type Mode = 'status' | 'scale' | 'roll'

function modeOf(deployment: Deployment, sets: readonly ReplicaSet[]): Mode {
  if (deployment.metadata?.deletionTimestamp !== undefined) return 'status'
  return deployment.spec?.paused === true || isScalingEvent(deployment, sets) ? 'scale' : 'roll'
}

function sizesFor(mode: Mode, world: DeploymentWorld, split: SplitSets): Sizes {
  const { deployment, podsOf } = world
  if (mode === 'status') return new Map()
  if (mode === 'scale') return planScale(deployment, split)
  if (!isRollingUpdate(deployment)) return planRecreate(deployment, split, oldPodsRun(split, podsOf))
  return split.newest === undefined ? new Map() : planRollingUpdate(deployment, split.newest, split.old)
}

/** A set is made when the rollout can use it: for a recreation only when all old pods are gone. */
function creation(
  mode: Mode,
  world: DeploymentWorld,
  split: SplitSets,
  revision: bigint,
): ReplicaSet | undefined {
  const { deployment, podsOf } = world
  if (mode !== 'roll' || split.newest !== undefined) return undefined
  if (!isRollingUpdate(deployment) && oldPodsRun(split, podsOf)) return undefined
  if (!isRollingUpdate(deployment) && sum(split.old, sizeOf) > 0) return undefined
  return makeNewestSet(deployment, revision, newestSize(deployment, sum(split.old, sizeOf), 0))
}

function toldConditions(
  world: DeploymentWorld,
  created: ReplicaSet | undefined,
  newest: ReplicaSet | undefined,
): readonly apps.v1.DeploymentCondition[] {
  const { deployment, nowMs } = world
  const hasDeadline = deadlineSeconds(deployment) !== undefined
  const isGoing = deployment.metadata?.deletionTimestamp !== undefined
  const conditions = isGoing ? (deployment.status?.conditions ?? []) : pausedConditions(deployment, nowMs)
  if (!hasDeadline) return conditions
  if (created !== undefined) {
    const message = `Created new replica set "${created.metadata?.name}"`
    return withProgress(conditions, progressing('True', 'NewReplicaSetCreated', message, nowMs))
  }
  if (newest === undefined || conditionOf(conditions, 'Progressing') !== undefined) return conditions
  const message = `Found new replica set "${newest.metadata?.name}"`
  return withProgress(conditions, progressing('True', 'FoundNewReplicaSet', message, nowMs))
}

/** The Deployment with what is known after a plan; the same object where that is nothing new. */
function concluded(
  deployment: Deployment,
  status: apps.v1.DeploymentStatus,
  revision: string | undefined,
): Deployment {
  const { annotations } = deployment.metadata ?? {}
  const isKnown = revision === undefined || annotations?.[revisionAnnotation] === revision
  if (isKnown && jsonEqual(deployment.status, status)) return deployment
  const metadata = isKnown
    ? deployment.metadata
    : { ...deployment.metadata, annotations: { ...annotations, [revisionAnnotation]: revision } }
  return defined({ ...deployment, metadata, status })
}

/** One step towards what a Deployment wants (kubernetes.io, "Deployments"): what to write, and the status after it. */
export function planDeployment(world: DeploymentWorld): DeploymentPlan {
  const { deployment, sets, nowMs } = world
  const found = splitSets(deployment, sets)
  const revision = nextRevision(found.old)
  const newest = found.newest && refreshed(deployment, found.newest, revision)
  const split: SplitSets = { newest, old: found.old }
  const mode = modeOf(deployment, sets)
  const create = creation(mode, world, split, revision)
  const effective: SplitSets = { newest: create ?? newest, old: found.old }
  const sizes = sizesFor(mode, world, effective)
  const after = (set: ReplicaSet): ReplicaSet => {
    const size = sizes.get(set)
    return size === undefined ? set : resized(deployment, set, size)
  }
  const oldAfter = effective.old.map(after)
  const newestAfter = create ?? (newest && after(newest))
  const pairs: readonly (readonly [ReplicaSet, ReplicaSet])[] = [
    ...found.old.map((set, index) => [set, oldAfter[index] ?? set] as const),
    ...(found.newest !== undefined && newestAfter !== undefined
      ? [[found.newest, newestAfter] as const]
      : []),
  ]
  const updates = pairs
    .filter(([before, set]) => before !== set)
    .map(([before, set]) => ({ set, from: sizeOf(before), to: sizeOf(set) }))
  const conditions = toldConditions(world, create, newest)
  const status = (mode === 'roll' ? rolloutStatus : baseStatus)(
    deployment,
    newestAfter,
    oldAfter,
    conditions,
    nowMs,
  )
  const isSettled =
    mode === 'roll' ? isComplete(deployment, deployment.status) : deployment.spec?.paused === true
  return {
    ...(create === undefined ? {} : { create }),
    updates,
    remove: isSettled && mode !== 'status' && sizes.size === 0 ? removable(deployment, found.old) : [],
    deployment: concluded(deployment, status, newestAfter?.metadata?.annotations?.[revisionAnnotation]),
    checkAfterMs: mode === 'roll' ? progressCheckMs(deployment, status, nowMs) : undefined,
  }
}
