import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { LabelSelector, ObjectMeta, StringMap } from '../../../apimachinery/meta.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { mapSame } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import { qosClass } from './qos-class.ts'

type Pod = core.v1.Pod

function withKeys(
  selector: LabelSelector,
  keys: readonly string[],
  operator: 'In' | 'NotIn',
  labels: StringMap,
): LabelSelector {
  const added = keys.flatMap((key) => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  })
  if (added.length === 0) return selector
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] }
}

/** KEP-3633: keys to match become requirements with this pod's own values. */
function withMatchKeys<T extends core.v1.PodAffinityTerm | core.v1.TopologySpreadConstraint>(
  term: T,
  labels: StringMap,
): T {
  if (term.labelSelector === undefined) return term
  let labelSelector = withKeys(term.labelSelector, term.matchLabelKeys ?? [], 'In', labels)
  if ('mismatchLabelKeys' in term)
    labelSelector = withKeys(labelSelector, term.mismatchLabelKeys ?? [], 'NotIn', labels)
  return labelSelector === term.labelSelector ? term : { ...term, labelSelector }
}

function withAffinityKeys<A extends core.v1.PodAffinity>(affinity: A, labels: StringMap): A {
  const hard = affinity.requiredDuringSchedulingIgnoredDuringExecution
  const soft = affinity.preferredDuringSchedulingIgnoredDuringExecution
  const nextHard = hard === undefined ? hard : mapSame(hard, (term) => withMatchKeys(term, labels))
  const nextSoft =
    soft === undefined
      ? soft
      : mapSame(soft, (weighted) => {
          const podAffinityTerm = withMatchKeys(weighted.podAffinityTerm, labels)
          return podAffinityTerm === weighted.podAffinityTerm ? weighted : { ...weighted, podAffinityTerm }
        })
  if (nextHard === hard && nextSoft === soft) return affinity
  return {
    ...affinity,
    ...(nextHard === undefined ? {} : { requiredDuringSchedulingIgnoredDuringExecution: nextHard }),
    ...(nextSoft === undefined ? {} : { preferredDuringSchedulingIgnoredDuringExecution: nextSoft }),
  }
}

function withLabelKeys(spec: core.v1.PodSpec, labels: StringMap): core.v1.PodSpec {
  let next = spec
  const spread = spec.topologySpreadConstraints
  if (spread !== undefined) {
    const constraints = mapSame(spread, (constraint) => withMatchKeys(constraint, labels))
    if (constraints !== spread) next = { ...next, topologySpreadConstraints: constraints }
  }
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const affinity = next.affinity?.[kind]
    if (affinity === undefined) continue
    const changed = withAffinityKeys(affinity, labels)
    if (changed !== affinity) next = { ...next, affinity: { ...next.affinity, [kind]: changed } }
  }
  return next
}

/** A new pod waits, and has no other status than what follows from its specification. */
export function preparePodForCreate(pod: Pod, context: WriteContext): Pod {
  const spec = withLabelKeys(pod.spec ?? { containers: [] }, pod.metadata?.labels ?? {})
  const gated: core.v1.PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    lastTransitionTime: formatTime(context.nowMs),
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  }
  return {
    ...pod,
    spec,
    status: {
      phase: 'Pending',
      qosClass: qosClass(pod),
      ...((spec.schedulingGates ?? []).length > 0 ? { conditions: [gated] } : {}),
    },
  }
}

/** Of a subresource's write only these metadata are taken. */
function metadataForSubresource(metadata: ObjectMeta = {}, old: ObjectMeta = {}): ObjectMeta {
  const { deletionTimestamp, deletionGracePeriodSeconds, ownerReferences, finalizers, ...rest } = old
  const { labels, annotations, resourceVersion, managedFields } = metadata
  return {
    ...rest,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(managedFields === undefined ? {} : { managedFields }),
  }
}

/** `podIP` is the first of `podIPs`, whichever of them was sent. */
function withPodIps(status: core.v1.PodStatus): core.v1.PodStatus {
  const { podIP = '', podIPs = [] } = status
  const first = podIPs[0]?.ip ?? ''
  if (podIP === first) return status
  if (podIP === '') return { ...status, podIP: first }
  return { ...status, podIPs: [{ ip: podIP }] }
}

/** What a writer of status leaves out of observed generations stays as it was. */
function withObservedGenerations(status: core.v1.PodStatus, old: core.v1.PodStatus): core.v1.PodStatus {
  const known = new Map<string, (number | undefined)[]>()
  for (const { type, observedGeneration } of old.conditions ?? [])
    known.set(type, [...(known.get(type) ?? []), observedGeneration])
  const conditions = mapSame(status.conditions ?? [], (condition) => {
    const before = known.get(condition.type)?.shift()
    const missing = (condition.observedGeneration ?? 0) === 0
    return missing && before !== undefined ? { ...condition, observedGeneration: before } : condition
  })
  const observed = (status.observedGeneration ?? 0) === 0 ? old.observedGeneration : undefined
  return {
    ...status,
    ...(status.conditions === undefined ? {} : { conditions }),
    ...(observed === undefined ? {} : { observedGeneration: observed }),
  }
}

function prepareStatus(pod: Pod, old: Pod): Pod {
  const { ownerReferences: _theirs, deletionTimestamp: _deletion, ...metadata } = pod.metadata ?? {}
  const { ownerReferences, deletionTimestamp } = old.metadata ?? {}
  const oldStatus = old.status ?? {}
  const sent = withObservedGenerations(withPodIps(pod.status ?? {}), oldStatus)
  const quality = sent.qosClass ?? oldStatus.qosClass
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    ...(old.spec === undefined ? {} : { spec: old.spec }),
    status: { ...sent, ...(quality === undefined ? {} : { qosClass: quality }) },
  }
}

function withResizes(
  containers: readonly core.v1.Container[],
  old: readonly core.v1.Container[],
): readonly core.v1.Container[] | undefined {
  if (containers.some((container, index) => container.name !== old[index]?.name)) return undefined
  return old.map((container, index) => {
    const { resources, resizePolicy } = containers[index] ?? container
    return {
      ...container,
      ...(resources === undefined ? {} : { resources }),
      ...(resizePolicy === undefined ? {} : { resizePolicy }),
    }
  })
}

/** Takes resources and resize policies; where containers do not line up validation says so. */
function prepareResize(pod: Pod, old: Pod): Pod {
  const spec = pod.spec ?? { containers: [] }
  const oldSpec = old.spec ?? { containers: [] }
  const lined =
    (spec.containers ?? []).length === (oldSpec.containers ?? []).length &&
    (spec.initContainers ?? []).length === (oldSpec.initContainers ?? []).length
  if (!lined) return pod
  const containers = withResizes(spec.containers ?? [], oldSpec.containers ?? []) ?? spec.containers
  const initContainers =
    withResizes(spec.initContainers ?? [], oldSpec.initContainers ?? []) ?? spec.initContainers
  const { resources: _old, ...rest } = oldSpec
  return {
    ...pod,
    metadata: metadataForSubresource(pod.metadata, old.metadata),
    spec: {
      ...rest,
      containers,
      ...(oldSpec.initContainers === undefined || initContainers === undefined ? {} : { initContainers }),
      ...(spec.resources === undefined ? {} : { resources: spec.resources }),
    },
    ...(old.status === undefined ? {} : { status: old.status }),
  }
}

function prepareEphemeral(pod: Pod, old: Pod): Pod {
  const { ephemeralContainers: _old, ...spec } = old.spec ?? { containers: [] }
  const ephemeralContainers = pod.spec?.ephemeralContainers
  return {
    ...pod,
    metadata: metadataForSubresource(pod.metadata, old.metadata),
    spec: { ...spec, ...(ephemeralContainers === undefined ? {} : { ephemeralContainers }) },
    ...(old.status === undefined ? {} : { status: old.status }),
  }
}

/** Each way to write a pod changes only its own part. */
export function preparePodForUpdate(pod: Pod, old: Pod, context: WriteContext): Pod {
  switch (context.subresource) {
    case 'status':
      return prepareStatus(pod, old)
    case 'resize':
      return prepareResize(pod, old)
    case 'ephemeralcontainers':
      return prepareEphemeral(pod, old)
    default: {
      if (pod.status === old.status) return pod
      const { status: _sent, ...rest } = pod
      return { ...rest, ...(old.status === undefined ? {} : { status: old.status }) }
    }
  }
}
