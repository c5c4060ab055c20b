import { podRequests } from '../api/core/pod/pod-requests.ts'
import type { core } from '../api/generated/types/index.ts'
import { jsonEqual } from '../apimachinery/json-equal.ts'
import { actions } from './cluster-event.ts'

type Pod = core.v1.Pod
type Node = core.v1.Node

const conditions = (node: Node): Readonly<Record<string, string>> =>
  Object.fromEntries((node.status?.conditions ?? []).map(({ type, status }) => [type, status]))

/** What of a node's update matters to scheduling, as single actions; none for a heartbeat. */
export function nodeChanges(node: Node, old: Node): readonly number[] {
  const changes: number[] = []
  const differ = (read: (node: Node) => unknown, action: number): void => {
    const [now, before] = [read(node), read(old)]
    if (now !== before && !jsonEqual(now ?? {}, before ?? {})) changes.push(action)
  }
  if (old.spec?.unschedulable && !node.spec?.unschedulable) changes.push(actions.updateNodeTaint)
  differ(({ status }) => status?.allocatable, actions.updateNodeAllocatable)
  differ(({ metadata }) => metadata?.labels, actions.updateNodeLabel)
  differ(({ spec }) => spec?.taints ?? [], actions.updateNodeTaint)
  if (node.status?.conditions !== old.status?.conditions)
    differ((each) => conditions(each), actions.updateNodeCondition)
  differ(({ metadata }) => metadata?.annotations, actions.updateNodeAnnotation)
  differ(({ status }) => status?.declaredFeatures ?? [], actions.updateNodeDeclaredFeature)
  return changes
}

function scaledDown(pod: Pod, old: Pod): boolean {
  if (
    jsonEqual(pod.spec, old.spec) &&
    jsonEqual(pod.status?.containerStatuses, old.status?.containerStatuses)
  )
    return false
  const requests = podRequests(pod, { held: true })
  return [...podRequests(old, { held: true })].some(([name, amount]) => amount > (requests.get(name) ?? -1))
}

const claimStatuses = ({ status }: Pod): unknown => [
  status?.resourceClaimStatuses ?? [],
  status?.extendedResourceClaimStatus ?? {},
]

/** What of a pod's update matters to scheduling, as single actions; `update` where it is none of these. */
export function podChanges(pod: Pod, old: Pod): readonly number[] {
  const changes: number[] = []
  if (!jsonEqual(pod.metadata?.labels ?? {}, old.metadata?.labels ?? {})) changes.push(actions.updatePodLabel)
  if (scaledDown(pod, old)) changes.push(actions.updatePodScaleDown)
  const gates = (each: Pod): number => each.spec?.schedulingGates?.length ?? 0
  if (gates(pod) === 0 && gates(old) > 0) changes.push(actions.updatePodSchedulingGatesEliminated)
  if ((pod.spec?.tolerations?.length ?? 0) !== (old.spec?.tolerations?.length ?? 0))
    changes.push(actions.updatePodToleration)
  if (!jsonEqual(claimStatuses(pod), claimStatuses(old)))
    changes.push(actions.updatePodGeneratedResourceClaim)
  return changes.length === 0 ? [actions.update] : changes
}
