import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { DeleteOptions, KubernetesObject, ObjectMeta } from '../../apimachinery/meta.ts'
import { foregroundFinalizer, orphanFinalizer } from '../../apimachinery/object-meta-validation.ts'
import { formatTime, timeMs } from '../../apimachinery/time.ts'
import { withMetadata } from './object-meta.ts'

/**
 * What a DELETE does: nothing, since the deletion is under way already and is not to be hastened; writing the
 * object, marked; or taking it away at once, `last` being its last state as clients see it.
 */
export type DeletionPlan =
  | { readonly type: 'wait' }
  | { readonly type: 'mark'; readonly object: KubernetesObject }
  | { readonly type: 'remove'; readonly last: KubernetesObject }

type GracePlan =
  | { readonly type: 'none' }
  | { readonly type: 'wait' }
  | { readonly type: 'grace'; readonly seconds: number; readonly metadata: Partial<ObjectMeta> }

const atLeast = (seconds: number | undefined): number | undefined =>
  seconds !== undefined && seconds < 0 ? 1 : seconds

/** Upstream's BeforeDelete: how long the object stays, if its kind is deleted gracefully. */
function planGrace(
  kind: KindDeclaration,
  live: KubernetesObject,
  options: DeleteOptions,
  nowMs: number,
): GracePlan {
  if (kind.gracefulDeletion === undefined) return { type: 'none' }
  const { deletionTimestamp, generation = 0 } = live.metadata ?? {}
  const requested = atLeast(options.gracePeriodSeconds)
  if (deletionTimestamp === undefined) {
    const seconds = atLeast(kind.gracefulDeletion(live, requested).gracePeriodSeconds) ?? 0
    const metadata = {
      deletionTimestamp: formatTime(nowMs + seconds * 1000),
      deletionGracePeriodSeconds: seconds,
      ...(generation > 0 ? { generation: generation + 1 } : {}),
    }
    return { type: 'grace', seconds, metadata }
  }
  const current = atLeast(live.metadata?.deletionGracePeriodSeconds) ?? 0
  if (current === 0) return { type: 'none' }
  if (requested === undefined || requested >= current) return { type: 'wait' }
  const due = timeMs(deletionTimestamp) - current * 1000 + requested * 1000
  const overdue = due < nowMs
  const seconds = overdue && requested !== 0 ? 1 : requested
  const metadata = {
    deletionTimestamp: formatTime(overdue ? nowMs : due),
    deletionGracePeriodSeconds: seconds,
  }
  return { type: 'grace', seconds, metadata }
}

/** The finalizers by which the garbage collector learns what becomes of dependents. */
function finalizersFor(
  kind: KindDeclaration,
  live: KubernetesObject,
  options: DeleteOptions,
): readonly string[] {
  const current = live.metadata?.finalizers ?? []
  const { orphanDependents, propagationPolicy } = options
  const explicit = orphanDependents !== undefined || propagationPolicy !== undefined
  const existing = current.find(
    (finalizer) => finalizer === orphanFinalizer || finalizer === foregroundFinalizer,
  )
  const orphan = explicit
    ? (orphanDependents ?? propagationPolicy === 'Orphan')
    : existing === orphanFinalizer || (existing === undefined && kind.orphansDependents === true)
  const foreground = explicit ? propagationPolicy === 'Foreground' : existing === foregroundFinalizer
  const others = current.filter(
    (finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer,
  )
  const wanted = [
    ...others,
    ...(orphan ? [orphanFinalizer] : []),
    ...(foreground ? [foregroundFinalizer] : []),
  ]
  return jsonEqual([...wanted].sort(), [...current].sort()) ? current : wanted
}

/** What upstream sets where there is no grace but finalizers hold the object. */
function marked(metadata: ObjectMeta, nowMs: number): Partial<ObjectMeta> {
  const { deletionTimestamp, generation = 0 } = metadata
  const late = deletionTimestamp === undefined || timeMs(deletionTimestamp) > nowMs
  return {
    ...(deletionTimestamp === undefined && generation > 0 ? { generation: generation + 1 } : {}),
    deletionTimestamp: late ? formatTime(nowMs) : deletionTimestamp,
    deletionGracePeriodSeconds: 0,
  }
}

/** Upstream's Store.Delete as a decision. `options` have been checked against the object. */
export function planDeletion(
  kind: KindDeclaration,
  live: KubernetesObject,
  options: DeleteOptions,
  nowMs: number,
): DeletionPlan {
  const finalizers = finalizersFor(kind, live, options)
  const held = { finalizers: finalizers.length === 0 ? undefined : finalizers }
  if (kind.terminating !== undefined && live.metadata?.deletionTimestamp === undefined) {
    const object = withMetadata(live, { ...held, deletionTimestamp: formatTime(nowMs) })
    return { type: 'mark', object: kind.terminating(object, nowMs) }
  }
  if (kind.finalized?.(live) === false) return { type: 'wait' }
  const grace = planGrace(kind, live, options, nowMs)
  if (grace.type === 'wait') return grace
  if (grace.type === 'none') {
    if (finalizers.length === 0) return { type: 'remove', last: withMetadata(live, held) }
    const changes = marked(live.metadata ?? {}, nowMs)
    return { type: 'mark', object: withMetadata(live, { ...held, ...changes }) }
  }
  const object = withMetadata(live, { ...held, ...grace.metadata })
  const stays = finalizers.length > 0 || grace.seconds > 0
  return stays ? { type: 'mark', object } : { type: 'remove', last: object }
}
