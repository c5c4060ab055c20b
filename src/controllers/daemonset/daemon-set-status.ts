import { isPodAvailable, isPodReady } from '../../api/core/pod/pod-state.ts'
import type { apps } from '../../api/generated/types/index.ts'
import { defined } from '../../base/defined.ts'
import { nonZero } from '../../base/non-zero.ts'
import { hashOf } from './daemon-pod.ts'
import { nodeFit } from './node-fit.ts'
import { type DaemonInput, podsByNode } from './plan-daemons.ts'

/** A set's status as its nodes and pods are; of several pods of a node the oldest counts. */
export function daemonSetStatus(
  { set, nodes, pods, hash, nowMs }: DaemonInput,
  collisionCount: number,
): apps.v1.DaemonSetStatus {
  const byNode = podsByNode(pods)
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  const [wanted, others] = [true, false].map((shouldRun) =>
    nodes
      .filter((node) => nodeFit(set, node).shouldRun === shouldRun)
      .map(({ metadata }) => byNode.get(metadata?.name ?? '')?.[0]),
  )
  const scheduled = (wanted ?? []).filter((pod) => pod !== undefined)
  const ready = scheduled.filter(isPodReady)
  const available = ready.filter((pod) => isPodAvailable(pod, minReadySeconds, nowMs)).length
  const desired = wanted?.length ?? 0
  const { conditions } = set.status ?? {}
  return defined({
    currentNumberScheduled: scheduled.length,
    numberMisscheduled: (others ?? []).filter((pod) => pod !== undefined).length,
    desiredNumberScheduled: desired,
    numberReady: ready.length,
    observedGeneration: nonZero(set.metadata?.generation ?? 0),
    updatedNumberScheduled: nonZero(scheduled.filter((pod) => hashOf(pod) === hash).length),
    numberAvailable: nonZero(available),
    numberUnavailable: nonZero(desired - available),
    collisionCount: nonZero(collisionCount),
    conditions,
  })
}
