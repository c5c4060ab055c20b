import { Node } from '../api/core/node/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { AnyKind } from '../client/informer.ts'
import type { PodInfo } from './pod-info.ts'

/** What can happen to an object, as bits; upstream's ActionType. */
export const actions = {
  add: 1,
  delete: 1 << 1,
  updateNodeAllocatable: 1 << 2,
  updateNodeLabel: 1 << 3,
  /** Also a node that is not cordoned any more. */
  updateNodeTaint: 1 << 4,
  updateNodeCondition: 1 << 5,
  updateNodeAnnotation: 1 << 6,
  updateNodeDeclaredFeature: 1 << 7,
  updatePodLabel: 1 << 8,
  updatePodScaleDown: 1 << 9,
  updatePodToleration: 1 << 10,
  updatePodSchedulingGatesEliminated: 1 << 11,
  updatePodGeneratedResourceClaim: 1 << 12,
  /** Any of the updates above, or of an object that has no special ones. */
  update: (1 << 13) - (1 << 2),
  all: (1 << 13) - 1,
} as const

const actionNames: ReadonlyMap<number, string> = new Map(
  Object.entries(actions).map(([name, bits]) => [bits, name.charAt(0).toUpperCase() + name.slice(1)]),
)

export interface ClusterEventParts<T extends KubernetesObject> {
  /** Absent: an event that concerns every pod (`label` says which). */
  readonly kind?: AnyKind
  readonly action: number
  /** As it is now; absent after a deletion. */
  readonly object?: T | undefined
  /** As it was; absent for a new object. */
  readonly old?: T | undefined
  /** In metrics; absent: resource and action. */
  readonly label?: string
}

/**
 * What happened in the cluster that may make an unschedulable pod schedulable. Of pods: those with a node, and those
 * without one that the queue holds (the waiting pod's own update is an event for that pod only).
 */
export class ClusterEvent<T extends KubernetesObject = KubernetesObject> {
  readonly kind: AnyKind | undefined
  readonly action: number
  readonly object: T | undefined
  readonly old: T | undefined
  /** As in upstream's metrics: `AssignedPodDelete`, `NodeUpdateNodeTaint`, `UnschedulableTimeout`. */
  readonly label: string

  constructor({ kind, action, object, old, label }: ClusterEventParts<T>) {
    this.kind = kind
    this.action = action
    this.object = object
    this.old = old
    this.label = label ?? `${kind === undefined ? '*' : resourceLabel(kind)}${actionNames.get(action) ?? ''}`
  }

  isOf<K extends KubernetesObject>(kind: KindDeclaration<K>): this is ClusterEvent<K> {
    return isSameKind(this.kind, kind)
  }
}

const isSameKind = (one: AnyKind | undefined, other: AnyKind): boolean =>
  one === other || (one?.kind === other.kind && one.group === other.group)

const resourceLabel = ({ group, kind }: AnyKind): string => (group === '' ? kind : `${group}/${kind}`)

/** A pod that has a node. */
export const assignedPodEvent = (parts: Omit<ClusterEventParts<KubernetesObject>, 'kind'>): ClusterEvent => {
  const { action } = parts
  return new ClusterEvent({ ...parts, kind: Pod, label: `AssignedPod${actionNames.get(action) ?? ''}` })
}

/** A pod that waits for a node. */
export const unscheduledPodEvent = (
  parts: Omit<ClusterEventParts<KubernetesObject>, 'kind'>,
): ClusterEvent => {
  const { action } = parts
  return new ClusterEvent({ ...parts, kind: Pod, label: `UnschedulablePod${actionNames.get(action) ?? ''}` })
}

export const nodeEvent = (parts: Omit<ClusterEventParts<KubernetesObject>, 'kind'>): ClusterEvent =>
  new ClusterEvent({ ...parts, kind: Node })

/** A pod has been unschedulable for as long as it may. */
export const unschedulableTimeoutLabel = 'UnschedulableTimeout'

/** A plugin wants the pod tried now. */
export const forceActivate = (uid: string): ClusterEvent =>
  new ClusterEvent({ action: actions.all, label: 'ForceActivate', object: { metadata: { uid } } })

/** One kind of event that may help a pod which a plugin refused. */
export interface EventRegistration {
  readonly kind: AnyKind
  /** Bits of `actions`. */
  readonly action: number
  /** Whether this event may: called only for matching ones. Must not throw for any object. */
  readonly mayHelp: (pod: PodInfo, event: ClusterEvent) => boolean
}

/** `hint` decides for each event (upstream's QueueingHintFn); absent: every such event may help. */
export function onEvent<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  action: number,
  hint?: (pod: PodInfo, object: T | undefined, old: T | undefined) => boolean,
): EventRegistration {
  return {
    kind,
    action,
    mayHelp: (pod, event) => hint === undefined || !event.isOf(kind) || hint(pod, event.object, event.old),
  }
}

/** Whether `event` is what was registered, or something more special. */
export function matchesRegistration(registered: EventRegistration, event: ClusterEvent): boolean {
  return (
    isSameKind(event.kind, registered.kind) &&
    (registered.action & event.action) !== 0 &&
    event.action <= registered.action
  )
}
