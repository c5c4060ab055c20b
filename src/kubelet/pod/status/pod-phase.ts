import { isSidecar, restartsAfterExit } from '../../../api/core/pod/container-restart.ts'
import type { core } from '../../../api/generated/types/index.ts'

type Container = core.v1.Container
type ContainerStatus = core.v1.ContainerStatus
type Pod = core.v1.Pod

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

export const isTerminalPhase = (phase: string | undefined): boolean =>
  phase === 'Succeeded' || phase === 'Failed'

interface Counts {
  pendingInit: number
  pendingSidecars: number
  failedInitForGood: number
  unknown: number
  running: number
  waiting: number
  stopped: number
  stoppedForGood: number
  succeeded: number
}

/**
 * A pod's phase from its containers' statuses. `podIsTerminal` says that nothing will be started any more;
 * `hasStarted` that a regular container of the current sandbox has been started.
 */
export function podPhase(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  podIsTerminal: boolean,
  hasStarted: boolean,
): PodPhase {
  const byName = new Map(statuses.map((status) => [status.name, status]))
  const counts: Counts = {
    pendingInit: 0,
    pendingSidecars: 0,
    failedInitForGood: 0,
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    stoppedForGood: 0,
    succeeded: 0,
  }
  for (const container of pod.spec?.initContainers ?? []) {
    const status = byName.get(container.name)
    if (isSidecar(container)) countSidecar(counts, status)
    else countInit(counts, container, status, pod)
  }
  for (const container of pod.spec?.containers ?? []) {
    countRegular(counts, container, byName.get(container.name), pod)
  }
  return phaseOf(counts, podIsTerminal, hasStarted)
}

function phaseOf(counts: Counts, podIsTerminal: boolean, hasStarted: boolean): PodPhase {
  const { running, unknown, stopped, stoppedForGood, succeeded } = counts
  if (counts.failedInitForGood > 0) return 'Failed'
  const initializing = counts.pendingInit > 0 || (counts.pendingSidecars > 0 && !hasStarted)
  if (initializing || counts.waiting > 0) return 'Pending'
  if (running > 0 && unknown === 0) return 'Running'
  if (running > 0 || stopped === 0 || unknown > 0) return 'Pending'
  if (!podIsTerminal && stopped !== stoppedForGood) return 'Running'
  return stopped === succeeded ? 'Succeeded' : 'Failed'
}

const willRestart = (
  container: Container,
  pod: Pod,
  ended: { readonly exitCode: number; readonly reason?: string },
): boolean =>
  ended.reason === 'RestartingAllContainers' || restartsAfterExit(container, pod.spec, ended.exitCode)

function countInit(
  counts: Counts,
  container: Container,
  status: ContainerStatus | undefined,
  pod: Pod,
): void {
  const ended =
    status?.state?.terminated ??
    (status?.state?.waiting === undefined ? undefined : status.lastState?.terminated)
  if (ended === undefined) counts.pendingInit++
  else if (ended.exitCode !== 0 && !willRestart(container, pod, ended)) counts.failedInitForGood++
}

function countSidecar(counts: Counts, status: ContainerStatus | undefined): void {
  if (status === undefined) counts.unknown++
  else if (status.state?.running !== undefined) {
    if (status.started !== true) counts.pendingSidecars++
    counts.running++
  } else if (status.state?.terminated !== undefined) return
  else if (status.state?.waiting === undefined) {
    counts.pendingSidecars++
    counts.unknown++
  } else if (status.lastState?.terminated === undefined) {
    counts.pendingSidecars++
    counts.waiting++
  }
}

function countRegular(
  counts: Counts,
  container: Container,
  status: ContainerStatus | undefined,
  pod: Pod,
): void {
  if (status?.state?.running !== undefined) counts.running++
  else if (status?.state?.terminated !== undefined) {
    counts.stopped++
    if (!willRestart(container, pod, status.state.terminated)) counts.stoppedForGood++
    if (status.state.terminated.exitCode === 0) counts.succeeded++
  } else if (status?.state?.waiting === undefined) counts.unknown++
  else if (status.lastState?.terminated === undefined) counts.waiting++
  else {
    counts.stopped++
    if (!willRestart(container, pod, status.lastState.terminated)) counts.stoppedForGood++
  }
}
