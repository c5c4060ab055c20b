import {
  isSidecar,
  matchingRestartRule,
  restartsAfterExit,
  restartsAll,
} from '../../../api/core/pod/container-restart.ts'
import { initAndMainContainers } from '../../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { latestContainer, type ObservedPod } from '../observed-pod.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

export const sidecarsOf = (pod: Pod): readonly Container[] =>
  (pod.spec?.initContainers ?? []).filter(isSidecar)

export function ephemeralContainersOf(pod: Pod): readonly Container[] {
  return (pod.spec?.ephemeralContainers ?? []).map(({ targetContainerName: _, ...container }) => container)
}

export const allContainersOf = (pod: Pod): readonly Container[] => [
  ...initAndMainContainers(pod.spec),
  ...ephemeralContainersOf(pod),
]

export const findContainer = (pod: Pod, name: string): Container | undefined =>
  allContainersOf(pod).find((container) => container.name === name)

/** Whether the next sync starts it: it is not there, was never started, or ended and its policy has it run again. */
export function shouldRestart(container: Container, pod: Pod, observed: ObservedPod): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined) return false
  const latest = latestContainer(observed, container.name)
  if (latest === undefined) return true
  switch (latest.state) {
    case 'running':
      return false
    case 'created':
    case 'unknown':
      return true
    case 'exited':
      return restartsAfterExit(container, pod.spec, latest.exitCode)
  }
}

/** Whether a container that a probe or a changed definition kills comes back. */
export const restartsAfterKill = (container: Container, pod: Pod): boolean =>
  (container.restartPolicy ?? pod.spec?.restartPolicy) !== 'Never'

/** A container ended whose rules restart the whole pod in place. */
export function restartsWholePod(pod: Pod, observed: ObservedPod): boolean {
  const containers = initAndMainContainers(pod.spec)
  return containers.some((container) => {
    const latest = latestContainer(observed, container.name)
    return (
      latest?.state === 'exited' && matchingRestartRule(container, latest.exitCode)?.action === restartsAll
    )
  })
}

/** A regular container exists or existed, so initialization is over. */
export const anyRegularContainerCreated = (pod: Pod, observed: ObservedPod): boolean =>
  (pod.spec?.containers ?? []).some((container) => {
    const state = latestContainer(observed, container.name)?.state
    return state === 'created' || state === 'running' || state === 'exited'
  })
