import { isSidecar, mayRestartAll } from '../../../api/core/pod/container-restart.ts'
import { qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { latestContainer, type ObservedPod } from '../observed-pod.ts'
import { type ProbeResults, sandboxVerdict } from '../plan/plan.ts'
import { ephemeralContainersOf, restartsWholePod } from '../plan/restart-policy.ts'
import type { CgroupLimits } from '../runtime-config/pod-cgroup.ts'
import { containerStatuses, type StartFailure } from './container-statuses.ts'
import { ownConditions, podConditions, type Verdict } from './pod-conditions.ts'
import { isTerminalPhase, type PodPhase, podPhase } from './pod-phase.ts'
import { podResourcesStatus } from './pod-resources-status.ts'

type Condition = core.v1.PodCondition
type Container = core.v1.Container
type ContainerStatus = core.v1.ContainerStatus
type Pod = core.v1.Pod
type PodStatus = core.v1.PodStatus

export interface PodStatusInput {
  readonly pod: Pod
  readonly observed: ObservedPod
  /** What was reported last; the API's status when nothing was since the start. */
  readonly previous: PodStatus
  readonly failures: ReadonlyMap<string, StartFailure>
  readonly probes: ProbeResults
  readonly runtimeName: string
  readonly nodeIps: readonly string[]
  readonly nowMs: number
  /** When the agent started: containers older than that keep what was reported of them. */
  readonly agentStartMs: number
  /** Nothing will be started any more. */
  readonly terminal: boolean
  /** What the kernel holds the pod's group to; undefined where there are no groups. */
  readonly group: CgroupLimits | undefined
  /** What is said of a resize that waits or is under way. */
  readonly resizes: readonly Condition[]
  /** The agent itself ends the pod (eviction, deadline, rejection). */
  readonly verdict?: { readonly reason: string; readonly message: string; readonly isDisruption?: boolean }
}

/** A container counts as started before the agent only with that much distance (upstream's kubeletRestartGracePeriod). */
const restartGraceMs = 10_000

/** The status that the API shall show. Pure. */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, observed, previous } = input
  const canRestart = mayRestartAll(pod.spec ?? { containers: [] })
  const restartingAll = canRestart && startsOver(input)
  const shared = { ...input, restartingAll }
  const initStatuses = containerStatuses(
    shared,
    'init',
    pod.spec?.initContainers ?? [],
    previous.initContainerStatuses ?? [],
  ).map((status) => withProbes(input, status, true))
  const statuses = containerStatuses(
    shared,
    'regular',
    pod.spec?.containers ?? [],
    previous.containerStatuses ?? [],
  ).map((status) => withProbes(input, status, false))
  const ephemeral = containerStatuses(
    shared,
    'ephemeral',
    ephemeralContainersOf(pod),
    previous.ephemeralContainerStatuses ?? [],
  )
  const all = [...initStatuses, ...statuses]
  const { phase, reason, message } = phaseWithReason(input, all)
  const foreign = (pod.status?.conditions ?? []).filter(({ type }) => !ownConditions.has(type))
  const verdicts = podConditions({
    pod,
    phase,
    statuses: all,
    sandboxReady: !sandboxVerdict(pod, observed).changed,
    restartingAll: canRestart ? restartingAll && observed.containers.length > 0 : undefined,
    foreign,
    previous: previous.conditions ?? [],
  })
  const disruption = disruptionOf(input)
  const kept = foreign.filter(({ type }) => !disruption.some((own) => own.type === type))
  const addresses = podAddresses(input)
  return {
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: [
      ...kept,
      ...input.resizes,
      ...[...disruption, ...verdicts].map((verdict) => timed(verdict, input)),
    ],
    ...(reason === '' ? {} : { reason }),
    ...(message === '' ? {} : { message }),
    ...(input.nodeIps[0] === undefined
      ? {}
      : { hostIP: input.nodeIps[0], hostIPs: input.nodeIps.map((ip) => ({ ip })) }),
    ...(addresses[0] === undefined ? {} : { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    startTime: previous.startTime ?? formatTime(input.nowMs),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: statuses,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    ...podResourcesStatus(pod, input.group),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
  }
}

/** Also once all is removed: what the last status showed as running was not lost. */
const startsOver = ({ pod, observed, previous }: PodStatusInput): boolean =>
  restartsWholePod(pod, observed) ||
  (previous.conditions ?? []).some(
    ({ type, status }) => type === 'AllContainersRestarting' && status === 'True',
  )

/** What tells others that the agent has ended the pod for the node's sake. */
function disruptionOf({ verdict }: PodStatusInput): readonly Verdict[] {
  if (!verdict?.isDisruption) return []
  const { message } = verdict
  return [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }]
}

/** A pod of which no sandbox is ready keeps the address that it had: who looks at an ended pod still finds it. */
function podAddresses({ pod, observed, previous, nodeIps }: PodStatusInput): readonly string[] {
  const before = (previous.podIPs ?? []).map(({ ip }) => ip)
  if (pod.spec?.hostNetwork === true) return before.length > 0 ? before : nodeIps
  const [newest] = observed.sandboxes
  return newest?.state === 'SANDBOX_READY' ? observed.podIps : before
}

interface PhaseVerdict {
  readonly phase: PodPhase
  readonly reason: string
  readonly message: string
}

/** Terminal phases are kept, whoever set them first. */
function phaseWithReason(input: PodStatusInput, statuses: readonly ContainerStatus[]): PhaseVerdict {
  const { pod, observed, previous, verdict } = input
  const hasStarted = (pod.spec?.containers ?? []).some(({ name }) => {
    const latest = latestContainer(observed, name)
    return latest !== undefined && (latest.state === 'running' || latest.state === 'exited')
  })
  if (verdict !== undefined) return { phase: 'Failed', reason: verdict.reason, message: verdict.message }
  const computed = podPhase(pod, statuses, input.terminal, hasStarted)
  const kept = [pod.status?.phase, previous.phase].find(isTerminalPhase)
  const phase: PodPhase = kept === 'Succeeded' || kept === 'Failed' ? kept : computed
  const same = phase === previous.phase
  return {
    phase,
    reason: same ? (previous.reason ?? pod.status?.reason ?? '') : '',
    message: same ? (previous.message ?? pod.status?.message ?? '') : '',
  }
}

/** Fills in `started` and `ready`. */
function withProbes(input: PodStatusInput, status: ContainerStatus, init: boolean): ContainerStatus {
  const containers = init ? input.pod.spec?.initContainers : input.pod.spec?.containers
  const container = containers?.find(({ name }) => name === status.name)
  if (container === undefined) return status
  const started = isStarted(input, status, container)
  if (init && !isSidecar(container)) {
    return { ...status, started, ready: status.state?.terminated?.exitCode === 0 }
  }
  return { ...status, started, ready: started && isReady(input, status, container) }
}

const runtimeId = (status: ContainerStatus): string => (status.containerID ?? '').replace(/^.*:\/\//, '')

function isStarted(input: PodStatusInput, status: ContainerStatus, container: Container): boolean {
  if (status.state?.running === undefined) return false
  const result = input.probes('startup', runtimeId(status))
  if (result !== undefined) return result === 'success'
  return status.started === true || container.startupProbe === undefined
}

function isReady(input: PodStatusInput, status: ContainerStatus, container: Container): boolean {
  if (container.readinessProbe === undefined) return true
  const id = runtimeId(status)
  const result = input.probes('readiness', id)
  if (result === 'success') return true
  const running = input.observed.containers.find((observed) => observed.id === id)
  const older = running !== undefined && running.startedAtMs < input.agentStartMs - restartGraceMs
  if (!older || result !== undefined) return false
  return (input.pod.status?.conditions ?? []).some(
    ({ type, status: met }) => type === 'Ready' && met === 'True',
  )
}

/** The condition with its times: a transition is a change of status. */
function timed(verdict: Verdict, { pod, previous, nowMs }: PodStatusInput): Condition {
  const before = (previous.conditions ?? []).find(({ type }) => type === verdict.type)
  const unchanged = before?.status === verdict.status ? before.lastTransitionTime : undefined
  const observedGeneration = pod.metadata?.generation
  return {
    ...verdict,
    lastTransitionTime: unchanged ?? formatTime(nowMs),
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
  }
}
