import { isSidecar, restartsAfterExit } from '../../../api/core/pod/container-restart.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { type ContainerResize, containerResize } from '../../allocation/resize-actions.ts'
import { containerHash } from '../../runtime/labels.ts'
import { latestContainer, type ObservedContainer, type ObservedPod } from '../observed-pod.ts'
import { type ContainerToKill, type ProbeResults, resizeKill, unknownKill } from './plan.ts'
import { restartsAfterKill } from './restart-policy.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

export interface InitPlan {
  /** All init containers have done what the regular ones wait for. */
  readonly initialized: boolean
  /** One failed for good. */
  readonly killPod: boolean
  readonly start: readonly Container[]
  readonly kill: readonly ContainerToKill[]
  readonly resize: readonly ContainerResize[]
  /** Some of those to kill are so that they start with other resources. */
  readonly restartsForResize: boolean
}

interface Step {
  /** This container, or the next one with `startNext`, is to start. */
  readonly start?: boolean
  readonly startNext?: boolean
  readonly initialized?: boolean
  readonly kill?: ContainerToKill
  readonly resize?: 'restart' | ContainerResize
  readonly failed?: boolean
}

/**
 * What init containers need. They are looked at from the last one back, because those that completed may have
 * been removed: the last one that the runtime knows tells how far initialization has come; of those before it
 * only sidecars still matter.
 */
export function planInitContainers(pod: Pod, observed: ObservedPod, probes: ProbeResults): InitPlan {
  const containers = pod.spec?.initContainers ?? []
  const nothing = { start: [], kill: [], resize: [], restartsForResize: false }
  if (containers.length === 0) return { ...nothing, initialized: true, killPod: false }
  const started = (pod.spec?.containers ?? []).some((container) => {
    const state = latestContainer(observed, container.name)?.state
    return state === 'created' || state === 'running'
  })
  let initialized = started
  let seen = started
  const start: Container[] = []
  const kill: ContainerToKill[] = []
  const resize: ContainerResize[] = []
  let restartsForResize = false
  for (const [index, container] of [...containers.entries()].reverse()) {
    const latest = latestContainer(observed, container.name)
    if (latest === undefined) {
      if (seen && isSidecar(container)) start.push(container)
      continue
    }
    if (seen && !isSidecar(container)) continue
    const step = isSidecar(container)
      ? sidecarStep(pod, container, latest, probes)
      : initStep(container, latest, pod)
    if (step.failed === true) return { ...nothing, initialized: false, killPod: true, kill }
    if (step.kill !== undefined) kill.push(step.kill)
    if (step.resize === 'restart') restartsForResize = true
    else if (step.resize !== undefined) resize.push(step.resize)
    const next = containers[index + 1]
    if (step.initialized === true) {
      if (next === undefined) initialized = true
      else if (!seen || !isSidecar(container)) start.push(next)
    }
    if (step.start === true) start.push(container)
    seen = true
  }
  const first = containers[0]
  if (!seen && first !== undefined) start.push(first)
  return { initialized, killPod: false, start: start.reverse(), kill, resize, restartsForResize }
}

function initStep(container: Container, latest: ObservedContainer, pod: Pod): Step {
  switch (latest.state) {
    case 'created':
      return { start: true }
    case 'running':
      return resizeStep(pod, container, latest)
    case 'exited':
      if (latest.exitCode === 0) return { initialized: true }
      return restartsAfterExit(container, pod.spec, latest.exitCode) ? { start: true } : { failed: true }
    case 'unknown':
      if (!restartsAfterKill(container, pod)) return { failed: true }
      return { start: true, kill: unknownKill(latest, 'Init container is') }
  }
}

function resizeStep(pod: Pod, container: Container, running: ObservedContainer): Step {
  const resize = containerResize(pod, container, running)
  if (resize === undefined) return {}
  return resize === 'restart' ? { resize, start: true, kill: resizeKill(running) } : { resize }
}

function sidecarStep(pod: Pod, container: Container, latest: ObservedContainer, probes: ProbeResults): Step {
  switch (latest.state) {
    case 'created':
    case 'exited':
      return { start: true }
    case 'unknown':
      return { start: true, kill: unknownKill(latest, 'Init container is') }
    case 'running':
      return runningSidecarStep(pod, container, latest, probes)
  }
}

function runningSidecarStep(
  pod: Pod,
  container: Container,
  latest: ObservedContainer,
  probes: ProbeResults,
): Step {
  const kill = (what: string, reason: ContainerToKill['reason']): ContainerToKill => ({
    container: latest,
    message: `Init container ${container.name} ${what}`,
    reason,
  })
  if (container.startupProbe !== undefined) {
    const startup = probes('startup', latest.id)
    if (startup === 'failure') return { start: true, kill: kill('failed startup probe', 'StartupProbe') }
    if (startup !== 'success') return {}
  }
  if (latest.hash !== containerHash(container)) {
    return { initialized: true, start: true, kill: kill('definition changed', '') }
  }
  if (container.livenessProbe !== undefined && probes('liveness', latest.id) === 'failure') {
    return { initialized: true, start: true, kill: kill('failed liveness probe', 'LivenessProbe') }
  }
  return { ...resizeStep(pod, container, latest), initialized: true }
}
