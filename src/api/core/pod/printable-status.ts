import { timeMs } from '../../../apimachinery/time.ts'
import type { core } from '../../generated/types/index.ts'
import { isSidecar } from './container-restart.ts'
import { isPodReady, isPodTerminal, podCondition } from './pod-state.ts'

type Status = core.v1.ContainerStatus

/** What `kubectl get pods` shows of a pod. */
export interface PrintableStatus {
  readonly reason: string
  readonly readyContainers: number
  readonly totalContainers: number
  readonly restarts: number
  /** When the last restart was; absent without one. */
  readonly lastRestartMs?: number
}

class Restarts {
  count = 0
  lastMs = Number.NEGATIVE_INFINITY
  add(status: Status): void {
    this.count += status.restartCount ?? 0
    const finished = status.lastState?.terminated?.finishedAt
    if (finished !== undefined && finished !== null) this.lastMs = Math.max(this.lastMs, timeMs(finished))
  }
}

function terminatedReason(terminated: core.v1.ContainerStateTerminated): string {
  const { reason = '', signal = 0, exitCode } = terminated
  if (reason !== '') return reason
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`
}

/** Why an init container holds the pod up; undefined if it does not. */
function initReason(status: Status, index: number, total: number, sidecar: boolean): string | undefined {
  const { terminated, waiting } = status.state ?? {}
  if (terminated !== undefined && terminated.exitCode === 0) return undefined
  if (sidecar && status.started === true) return undefined
  if (terminated !== undefined) return `Init:${terminatedReason(terminated)}`
  const reason = waiting?.reason ?? ''
  return reason !== '' && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${index}/${total}`
}

interface InitOutcome {
  readonly reason: string | undefined
  readonly ready: number
  readonly all: Restarts
  readonly sidecars: Restarts
}

function lookAtInit(pod: core.v1.Pod): InitOutcome {
  const specs = new Map((pod.spec?.initContainers ?? []).map((container) => [container.name, container]))
  const all = new Restarts()
  const sidecars = new Restarts()
  let ready = 0
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(specs.get(status.name))
    all.add(status)
    if (sidecar) sidecars.add(status)
    const reason = initReason(status, index, specs.size, sidecar)
    if (reason !== undefined) return { reason, ready, all, sidecars }
    const ended = status.state?.terminated?.exitCode === 0
    if (sidecar && !ended && status.ready) ready++
  }
  return { reason: undefined, ready, all, sidecars }
}

interface MainOutcome {
  readonly reason: string
  readonly ready: number
}

/** From the last container to the first: the first one's word counts most. */
function lookAtContainers(pod: core.v1.Pod, before: string, restarts: Restarts): MainOutcome {
  let reason = before
  let errorReason = ''
  let ready = 0
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    restarts.add(status)
    const { waiting, terminated, running } = status.state ?? {}
    if (waiting !== undefined && (waiting.reason ?? '') !== '') reason = waiting.reason ?? ''
    else if (terminated !== undefined) {
      reason = terminatedReason(terminated)
      if (terminated.exitCode !== 0) errorReason = reason
    } else if (status.ready && running !== undefined) ready++
  }
  if (reason === 'Completed') {
    if (ready > 0 && isPodReady(pod)) reason = 'Running'
    else if (errorReason !== '') reason = errorReason
    else if (ready > 0) reason = 'NotReady'
  }
  return { reason, ready }
}

/** Upstream's printPod: `Init:0/1`, `CrashLoopBackOff`, `Completed`, `Terminating` and so on. */
export function printableStatus(pod: core.v1.Pod): PrintableStatus {
  const status = pod.status ?? {}
  const sidecarCount = (pod.spec?.initContainers ?? []).filter(isSidecar).length
  const totalContainers = (pod.spec?.containers ?? []).length + sidecarCount
  const gated = podCondition(pod, 'PodScheduled')?.reason === 'SchedulingGated'
  let reason = gated ? 'SchedulingGated' : status.reason || status.phase || ''
  const init = lookAtInit(pod)
  let restarts = init.all
  let readyContainers = init.ready
  if (init.reason !== undefined) reason = init.reason
  if (init.reason === undefined || podCondition(pod, 'Initialized')?.status === 'True') {
    restarts = init.sidecars
    const main = lookAtContainers(pod, reason, restarts)
    reason = main.reason
    readyContainers += main.ready
  }
  if (pod.metadata?.deletionTimestamp !== undefined) {
    if (status.reason === 'NodeLost') reason = 'Unknown'
    else if (!isPodTerminal(pod)) reason = 'Terminating'
  }
  const lastRestartMs = Number.isFinite(restarts.lastMs) ? { lastRestartMs: restarts.lastMs } : {}
  return { reason, readyContainers, totalContainers, restarts: restarts.count, ...lastRestartMs }
}
