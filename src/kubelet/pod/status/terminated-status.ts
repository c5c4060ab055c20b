import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { isTerminalPhase } from './pod-phase.ts'

type ContainerStatus = core.v1.ContainerStatus
type Pod = core.v1.Pod
type PodStatus = core.v1.PodStatus

const lost = {
  terminated: {
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    exitCode: 137,
  },
} as const

/** The last status of a pod that has ended: every container that may have run shows as ended, and the phase is terminal. `exists` tells whether the runtime knows a container. */
export function terminatedStatus(pod: Pod, status: PodStatus, exists: (name: string) => boolean): PodStatus {
  const inits = status.initContainerStatuses ?? []
  const initStatuses = inits.map((item, index) =>
    index < startedInits(inits) && item.state?.terminated === undefined ? { ...item, state: lost } : item,
  )
  const statuses = (status.containerStatuses ?? []).map((item) =>
    hasInitialized(pod, status, exists) && item.state?.terminated === undefined
      ? { ...item, state: lost }
      : item,
  )
  return {
    ...status,
    phase: isTerminalPhase(status.phase) ? (status.phase ?? 'Failed') : 'Failed',
    containerStatuses: statuses,
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
  }
}

/** Whether the pod came as far as its regular containers. */
function hasInitialized(pod: Pod, status: PodStatus, exists: (name: string) => boolean): boolean {
  const inits = pod.spec?.initContainers ?? []
  if ((pod.spec?.containers ?? []).some(({ name }) => exists(name))) return true
  if (inits.length === 0) return true
  const last = inits.at(-1)
  const found = (status.initContainerStatuses ?? []).find(({ name }) => name === last?.name)
  if (last === undefined || found === undefined) return false
  return isSidecar(last) ? found.started === true : found.state?.terminated?.exitCode === 0
}

/** How many init containers, from the front, show that they were started. */
function startedInits(statuses: readonly ContainerStatus[]): number {
  const evidence = statuses.findLastIndex(
    ({ state, lastState }) =>
      state?.terminated !== undefined || state?.running !== undefined || lastState?.terminated !== undefined,
  )
  return evidence + 1
}
