import { type Amounts, podRequests } from '../api/core/pod/pod-requests.ts'
import type { core } from '../api/generated/types/index.ts'
import { jsonEqual } from '../apimachinery/json-equal.ts'
import { type PodAffinity, podAffinityOf } from './pod-affinity.ts'

/** A port that a pod takes on its node. */
export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

/** A pod with what scheduling asks of it again and again, computed once. What only touches its status changes `pod` in place. */
export interface PodInfo {
  readonly pod: core.v1.Pod
  readonly uid: string
  /** `namespace/name`. */
  readonly key: string
  readonly priority: number
  readonly requests: Amounts
  /** For scores: as upstream, a container that asks for nothing counts as 100m and 200 MiB. */
  readonly nonZeroCpuMilli: number
  readonly nonZeroMemoryBytes: number
  readonly hostPorts: readonly HostPort[]
  /** Terms of affinity and anti-affinity to other pods; absent where there are none. */
  readonly affinity: PodAffinity | undefined
  /** The claims of its volumes, by `namespace/name`; ephemeral volumes' are not among them. */
  readonly claims: readonly string[]
}

const scoredDefaults: Amounts = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
])

export function hostPortsOf(pod: core.v1.Pod): readonly HostPort[] {
  const containers = [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always'),
  ]
  return containers.flatMap((container) =>
    (container.ports ?? []).flatMap((port) =>
      port.hostPort === undefined || port.hostPort <= 0
        ? []
        : [{ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort }],
    ),
  )
}

export function makePodInfo(pod: core.v1.Pod): PodInfo {
  const scored = podRequests(pod, { missing: scoredDefaults, held: true, claimed: true })
  return {
    pod,
    uid: pod.metadata?.uid ?? '',
    key: `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`,
    priority: pod.spec?.priority ?? 0,
    requests: podRequests(pod, { held: true, claimed: true }),
    nonZeroCpuMilli: scored.get('cpu') ?? 0,
    nonZeroMemoryBytes: scored.get('memory') ?? 0,
    hostPorts: hostPortsOf(pod),
    affinity: podAffinityOf(pod),
    claims: (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
      claim === undefined ? [] : [`${pod.metadata?.namespace ?? ''}/${claim.claimName}`],
    ),
  }
}

interface MutablePodInfo extends PodInfo {
  pod: core.v1.Pod
}

/** How far a resize in place has come, and what devices take; undefined for pods without any. */
function heldState({ status }: core.v1.Pod): readonly unknown[] | undefined {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  const held = statuses.flatMap(({ name, resources, allocatedResources }) =>
    resources === undefined ? [] : [[name, resources.requests, allocatedResources]],
  )
  const pending = status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason
  const claimed = status?.nodeAllocatableResourceClaimStatuses
  if (held.length === 0 && status?.resources === undefined && pending === undefined && claimed === undefined)
    return undefined
  return [held, status?.resources?.requests, status?.allocatedResources, pending, claimed]
}

/** Whether anything differs that places are chosen by, or counted. */
function matters(pod: core.v1.Pod, old: core.v1.Pod): boolean {
  return (
    pod.metadata?.generation !== old.metadata?.generation ||
    pod.metadata?.deletionTimestamp !== old.metadata?.deletionTimestamp ||
    !jsonEqual(pod.metadata?.labels, old.metadata?.labels) ||
    (pod.status !== old.status && JSON.stringify(heldState(pod)) !== JSON.stringify(heldState(old)))
  )
}

/** The newest object of the pod: in the same PodInfo where nothing of account has changed, else in a new one. */
export function refreshPodInfo(info: MutablePodInfo, pod: core.v1.Pod): PodInfo {
  if (matters(pod, info.pod)) return makePodInfo(pod)
  info.pod = pod
  return info
}

/** Whether it held something of a node: one where it was, or one that it was nominated to. */
export const hadNode = (pod: core.v1.Pod): boolean =>
  Boolean(pod.spec?.nodeName) || Boolean(pod.status?.nominatedNodeName)
