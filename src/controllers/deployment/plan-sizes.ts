import type { apps } from '../../api/generated/types/index.ts'
import { desiredReplicas, maxReplicas } from './annotations.ts'
import {
  activeSets,
  availableOf,
  biggestFirst,
  isRollingUpdate,
  maxSurge,
  maxUnavailable,
  oldestFirst,
  replicasOf,
  type SplitSets,
  sizeOf,
  sum,
} from './replica-sets.ts'

type Deployment = apps.v1.Deployment
type ReplicaSet = apps.v1.ReplicaSet

/** Sets that are to change, with their new sizes. */
export type Sizes = ReadonlyMap<ReplicaSet, number>

const nothing: Sizes = new Map()

/** How big the newest set may be now, when `allSize` replicas are wanted of all sets together. */
export function newestSize(deployment: Deployment, allSize: number, size: number): number {
  const replicas = replicasOf(deployment)
  if (!isRollingUpdate(deployment)) return replicas
  const room = replicas + maxSurge(deployment) - allSize
  return room <= 0 ? size : size + Math.min(room, replicas - size)
}

/** What of the old sets goes in this step: first what is not available anyway, then what availability allows. */
function shrinkOld(deployment: Deployment, newest: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const leastAvailable = replicasOf(deployment) - maxUnavailable(deployment)
  const all = [...old, newest]
  const unavailableOfNewest = sizeOf(newest) - availableOf(newest)
  const most = sum(all, sizeOf) - leastAvailable - unavailableOfNewest
  if (sum(old, sizeOf) === 0 || most <= 0) return nothing
  const sizes = new Map<ReplicaSet, number>()
  const shrink = (left: number, removable: (set: ReplicaSet, size: number) => number): void => {
    let room = left
    for (const set of oldestFirst(activeSets(old))) {
      const size = sizes.get(set) ?? sizeOf(set)
      const count = Math.min(room, removable(set, size))
      if (count <= 0) continue
      sizes.set(set, size - count)
      room -= count
    }
  }
  shrink(most, (set, size) => size - availableOf(set))
  shrink(sum(all, availableOf) - leastAvailable, (_, size) => size)
  return sizes
}

/** One step of a rolling update: the newest set grows, or else old ones shrink. */
export function planRollingUpdate(
  deployment: Deployment,
  newest: ReplicaSet,
  old: readonly ReplicaSet[],
): Sizes {
  const size = sizeOf(newest)
  const replicas = replicasOf(deployment)
  const wanted = size > replicas ? replicas : newestSize(deployment, sum([...old, newest], sizeOf), size)
  return wanted === size ? shrinkOld(deployment, newest, old) : new Map([[newest, wanted]])
}

/** One step of a recreation: old sets to nothing, and when their pods are gone the newest to its size. */
export function planRecreate(deployment: Deployment, { newest, old }: SplitSets, oldPodsRun: boolean): Sizes {
  const active = activeSets(old)
  if (active.length > 0) return new Map(active.map((set) => [set, 0]))
  if (oldPodsRun || newest === undefined || sizeOf(newest) === replicasOf(deployment)) return nothing
  return new Map([[newest, replicasOf(deployment)]])
}

/** Whether somebody has changed the Deployment's size since its sets were scaled. */
export function isScalingEvent(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return activeSets(sets).some((set) => {
    const desired = desiredReplicas(set)
    return desired !== undefined && desired !== replicasOf(deployment)
  })
}

function isSaturated(deployment: Deployment, newest: ReplicaSet | undefined): boolean {
  const replicas = replicasOf(deployment)
  return (
    newest !== undefined &&
    sizeOf(newest) === replicas &&
    desiredReplicas(newest) === replicas &&
    availableOf(newest) === replicas
  )
}

/** A set's share of a change of the whole, by its size; rounded half away from zero. */
function shareOf(deployment: Deployment, set: ReplicaSet): number {
  if (replicasOf(deployment) === 0) return -sizeOf(set)
  const before = maxReplicas(set) || (deployment.status?.replicas ?? 0)
  if (before === 0) return 0
  const size = (sizeOf(set) * (replicasOf(deployment) + maxSurge(deployment))) / before
  return Math.round(size) - sizeOf(set)
}

const asTheyAre = (sets: readonly ReplicaSet[]): Sizes => new Map(sets.map((set) => [set, sizeOf(set)]))

/** Distributes a new size over the active sets by their sizes, what is left to the biggest. */
function proportional(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const replicas = replicasOf(deployment)
  const allowed = replicas > 0 ? replicas + maxSurge(deployment) : 0
  const change = allowed - sum(active, sizeOf)
  const ordered = biggestFirst(active, change > 0)
  const sizes = new Map(asTheyAre(ordered))
  if (change === 0) return sizes
  let distributed = 0
  for (const set of ordered) {
    const left = change - distributed
    if (left === 0) break
    const share = shareOf(deployment, set)
    const taken = change > 0 ? Math.min(share, left) : Math.max(share, left)
    sizes.set(set, sizeOf(set) + taken)
    distributed += taken
  }
  const [biggest] = ordered
  if (biggest !== undefined) {
    sizes.set(biggest, Math.max(0, (sizes.get(biggest) ?? 0) + change - distributed))
  }
  return sizes
}

/**
 * New sizes after somebody scaled the Deployment, or while it is paused. In the midst of a rolling update each
 * set gets its share, so that the update neither hastens nor loses availability. The sets of a plan are written even
 * when their size stays, to remember the new scale: active ones that remembered another would be a scaling event for
 * ever, and no new template would be rolled out. (Upstream stays in that state until somebody scales again.)
 */
export function planScale(deployment: Deployment, { newest, old }: SplitSets): Sizes {
  const all = newest === undefined ? old : [...old, newest]
  const active = activeSets(all)
  if (active.length <= 1) {
    const only = active[0] ?? newest ?? oldestFirst(old).at(-1)
    if (only === undefined) return nothing
    if (sizeOf(only) !== replicasOf(deployment)) return new Map([[only, replicasOf(deployment)]])
    return isScalingEvent(deployment, active) ? asTheyAre(active) : nothing
  }
  if (isSaturated(deployment, newest)) return new Map(activeSets(old).map((set) => [set, 0]))
  return isRollingUpdate(deployment) ? proportional(deployment, active) : asTheyAre(active)
}
