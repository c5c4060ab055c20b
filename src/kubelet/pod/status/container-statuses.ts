import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts'
import { anyRegularContainerCreated, shouldRestart } from '../plan/restart-policy.ts'
import { resourcesInForce } from './resources-in-force.ts'

type Container = core.v1.Container
type ContainerStatus = core.v1.ContainerStatus
type ContainerState = core.v1.ContainerState
type Pod = core.v1.Pod

/** Why a container could not be started last time: a waiting reason and its message. */
export interface StartFailure {
  readonly reason: string
  readonly message: string
}

export interface ContainerStatusInput {
  readonly pod: Pod
  readonly observed: ObservedPod
  /** By container name; forgotten once it starts. */
  readonly failures: ReadonlyMap<string, StartFailure>
  /** What container ids are prefixed with: `containerd`. */
  readonly runtimeName: string
  /** Everything is being removed to start over (KEP-5532). */
  readonly restartingAll: boolean
}

type Group = 'init' | 'regular' | 'ephemeral'

const statusUnknown = 'ContainerStatusUnknown'
const restartingAllContainers = 'RestartingAllContainers'
/** SIGKILL's exit code: what a container that vanished is said to have ended with. */
const killedExitCode = 137

/**
 * The statuses of one group of a pod's containers. `previous` is what was reported last: it fills what the
 * runtime no longer knows. Ready and started are left for the probes.
 */
export function containerStatuses(
  input: ContainerStatusInput,
  group: Group,
  containers: readonly Container[],
  previous: readonly ContainerStatus[],
): readonly ContainerStatus[] {
  const before = new Map(previous.map((status) => [status.name, status]))
  const statuses = containers.map((container) =>
    containerStatus(input, group, container, before.get(container.name)),
  )
  return group === 'init' ? statuses : [...statuses].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function containerStatus(
  input: ContainerStatusInput,
  group: Group,
  container: Container,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const mine = input.observed.containers.filter(({ name }) => name === container.name)
  const latest = mine[0]
  const known =
    latest === undefined
      ? withoutContainer(input, container, old)
      : fromContainers(input, container, latest, mine[1], old)
  return waitingStatus(input, group, container, latest, known)
}

function initialStatus(input: ContainerStatusInput, container: Container): ContainerStatus {
  const hasInit = (input.pod.spec?.initContainers ?? []).length > 0
  const volumeMounts = mountStatuses(container, [])
  return {
    name: container.name,
    image: container.image ?? '',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { waiting: { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } },
    lastState: {},
    ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
  }
}

function mountStatuses(
  container: Container,
  mounts: ObservedContainer['mounts'],
): readonly core.v1.VolumeMountStatus[] {
  const recursive = (path: string): boolean =>
    mounts.some((mount) => mount.containerPath === path && mount.recursiveReadOnly === true)
  return (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly === true
      ? { readOnly, recursiveReadOnly: recursive(mountPath) ? 'Enabled' : 'Disabled' }
      : {}),
  }))
}

/** The runtime does not know it: never created, or removed behind our back. */
function withoutContainer(
  input: ContainerStatusInput,
  container: Container,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const initial = initialStatus(input, container)
  if (old === undefined) return initial
  if (input.restartingAll && old.state?.waiting === undefined) return resetStatus(initial, old)
  if (old.state?.terminated !== undefined) return old
  const kept = { ...initial, restartCount: old.restartCount, lastState: old.lastState ?? {} }
  if (old.state?.running === undefined || old.lastState?.terminated !== undefined) return kept
  const deleted = input.pod.metadata?.deletionTimestamp !== undefined
  return {
    ...kept,
    restartCount: deleted ? kept.restartCount : kept.restartCount + 1,
    lastState: {
      terminated: {
        reason: statusUnknown,
        message:
          'The container could not be located when the pod was deleted.  The container used to be Running',
        exitCode: killedExitCode,
      },
    },
  }
}

function resetStatus(initial: ContainerStatus, old: ContainerStatus): ContainerStatus {
  const message = 'The container is removed because RestartAllContainers in place'
  return {
    ...initial,
    restartCount: old.restartCount + 1,
    state: { waiting: { reason: restartingAllContainers, message } },
    lastState: { terminated: { reason: restartingAllContainers, message, exitCode: killedExitCode } },
  }
}

function fromContainers(
  input: ContainerStatusInput,
  container: Container,
  latest: ObservedContainer,
  earlier: ObservedContainer | undefined,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const id = containerId(input, latest)
  const replaced = old !== undefined && old.containerID !== id && old.state?.terminated !== undefined
  const lastTerminated = replaced ? old.state?.terminated : old?.lastState?.terminated
  const lastState =
    earlier === undefined
      ? lastTerminated === undefined
        ? {}
        : { terminated: lastTerminated }
      : stateOf(input, earlier, undefined)
  const restartCount = Math.max(latest.restartCount, old?.restartCount ?? 0)
  const wasTerminated = latest.state === 'running' && replaced && old.restartCount >= latest.restartCount
  const lost = latest.state === 'unknown' && old?.state?.running !== undefined
  const volumeMounts = mountStatuses(container, latest.mounts)
  const started = old?.containerID === id && latest.state === 'running' ? old.started : undefined
  const requests = container.resources?.requests
  return {
    name: container.name,
    image: latest.image,
    imageID: latest.imageId,
    containerID: id,
    ready: false,
    restartCount: restartCount + (wasTerminated || lost ? 1 : 0),
    state: stateOf(input, latest, old),
    lastState,
    ...(started === undefined ? {} : { started }),
    ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
    ...(container.resources === undefined
      ? {}
      : { resources: resourcesInForce(container.resources, latest) }),
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    // Nobody asks for one without the gate ContainerStopSignals, and without it none is shown.
    ...(container.lifecycle?.stopSignal === undefined || latest.stopSignal === undefined
      ? {}
      : { stopSignal: latest.stopSignal }),
    ...(latest.user === undefined ? {} : { user: { linux: latest.user } }),
  }
}

const containerId = (
  { runtimeName }: Pick<ContainerStatusInput, 'runtimeName'>,
  container: Pick<ObservedContainer, 'id'>,
): string => `${runtimeName}://${container.id}`

function stateOf(
  input: ContainerStatusInput,
  container: ObservedContainer,
  old: ContainerStatus | undefined,
): ContainerState {
  switch (container.state) {
    case 'running':
      return { running: { startedAt: formatTime(container.startedAtMs) } }
    case 'created':
      return { waiting: {} }
    case 'exited':
      return {
        terminated: {
          exitCode: container.exitCode,
          ...(container.reason === '' ? {} : { reason: container.reason }),
          ...(container.message === '' ? {} : { message: container.message }),
          startedAt: formatTime(container.startedAtMs),
          finishedAt: formatTime(container.finishedAtMs),
          containerID: containerId(input, container),
        },
      }
    case 'unknown':
      if (old?.state?.running === undefined) return { waiting: {} }
      return {
        terminated: {
          reason: input.restartingAll ? restartingAllContainers : statusUnknown,
          message: 'The container could not be located when the pod was terminated',
          exitCode: killedExitCode,
        },
      }
  }
}

/** A container that the next sync starts, and that could not be started last time, waits with that reason. */
function waitingStatus(
  input: ContainerStatusInput,
  group: Group,
  container: Container,
  latest: ObservedContainer | undefined,
  status: ContainerStatus,
): ContainerStatus {
  if (group === 'init') {
    if (latest?.state === 'exited' && latest.exitCode === 0) return status
    if (latest === undefined && wasInitialized(input, container, status)) {
      return { ...status, state: completedUnseen }
    }
  }
  if (group === 'ephemeral' && latest !== undefined) return status
  if (!shouldRestart(container, input.pod, input.observed)) return status
  const failure = input.failures.get(container.name)
  if (failure === undefined) return status
  return {
    ...status,
    lastState: status.state?.terminated === undefined ? (status.lastState ?? {}) : status.state,
    state: {
      waiting: { reason: failure.reason, ...(failure.message === '' ? {} : { message: failure.message }) },
    },
  }
}

const completedUnseen: ContainerState = {
  terminated: {
    reason: 'Completed',
    message:
      'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally',
    exitCode: 0,
  },
}

const wasInitialized = (
  input: ContainerStatusInput,
  container: Container,
  status: ContainerStatus,
): boolean =>
  anyRegularContainerCreated(input.pod, input.observed) &&
  !isSidecar(container) &&
  status.state?.waiting !== undefined
