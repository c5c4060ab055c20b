import type { core } from '../../../api/generated/types/index.ts'
import { sidecarsOf } from '../plan/restart-policy.ts'
import type { PodPhase } from './pod-phase.ts'

type Condition = core.v1.PodCondition
type ContainerStatus = core.v1.ContainerStatus
type Pod = core.v1.Pod

/** A condition before its times are known. */
export type Verdict = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

/** Those that the node agent owns; others in a pod's status are left alone. */
export const ownConditions: ReadonlySet<string> = new Set([
  'PodScheduled',
  'Ready',
  'ContainersReady',
  'Initialized',
  'PodReadyToStartContainers',
  'AllContainersRestarting',
  'PodResizePending',
  'PodResizeInProgress',
])

/** Those that others set too: the node agent adds them, and never takes them away. */
export const sharedConditions: ReadonlySet<string> = new Set(['DisruptionTarget'])

const list = (names: readonly string[]): string => `[${names.join(' ')}]`
const met = (type: string, reason?: string): Verdict => ({
  type,
  status: 'True',
  ...(reason === undefined ? {} : { reason }),
})
const unmet = (type: string, reason: string, message = ''): Verdict => ({
  type,
  status: 'False',
  reason,
  ...(message === '' ? {} : { message }),
})

export interface ConditionInput {
  readonly pod: Pod
  readonly phase: PodPhase
  /** Of init and regular containers. */
  readonly statuses: readonly ContainerStatus[]
  /** A sandbox with its network is there. */
  readonly sandboxReady: boolean
  /** The pod starts over, and how far it is; undefined when none of its rules can do that. */
  readonly restartingAll: boolean | undefined
  /** Conditions of others in the pod's status: readiness gates are looked up in them. */
  readonly foreign: readonly Condition[]
  /** What was reported last. */
  readonly previous: readonly Condition[]
}

/** The node agent's conditions, in upstream's order. */
export function podConditions(input: ConditionInput): readonly Verdict[] {
  const containersReady = containersReadyCondition(input)
  const restarting = restartingCondition(input)
  return [
    { type: 'PodReadyToStartContainers', status: input.sandboxReady ? 'True' : 'False' },
    initializedCondition(input),
    readyCondition(input, containersReady),
    containersReady,
    met('PodScheduled'),
    ...(restarting === undefined ? [] : [restarting]),
  ]
}

function initializedCondition({ pod, phase, statuses, previous }: ConditionInput): Verdict {
  const type = 'Initialized'
  const byName = new Map(statuses.map((status) => [status.name, status]))
  const unknown: string[] = []
  const incomplete: string[] = []
  const sidecars = new Set(sidecarsOf(pod).map(({ name }) => name))
  for (const { name } of pod.spec?.initContainers ?? []) {
    const status = byName.get(name)
    if (status === undefined) unknown.push(name)
    else if (sidecars.has(name) ? status.started !== true : !status.ready) incomplete.push(name)
  }
  if (phase === 'Succeeded' && unknown.length === 0) return met(type, 'PodCompleted')
  const started = (pod.spec?.containers ?? []).some(({ name }) => {
    const status = byName.get(name)
    return hasStarted(status)
  })
  if (started || unknown.length + incomplete.length === 0) return met(type)
  if (previous.some((condition) => condition.type === type && condition.status === 'True')) return met(type)
  const texts = [
    ...(unknown.length > 0 ? [`containers with unknown status: ${list(unknown)}`] : []),
    ...(incomplete.length > 0 ? [`containers with incomplete status: ${list(incomplete)}`] : []),
  ]
  return unmet(type, 'ContainersNotInitialized', texts.join(', '))
}

const hasStarted = (status: ContainerStatus | undefined): boolean =>
  status !== undefined &&
  (status.state?.running !== undefined ||
    status.state?.terminated !== undefined ||
    status.lastState?.terminated !== undefined)

function containersReadyCondition({ pod, phase, statuses }: ConditionInput): Verdict {
  const type = 'ContainersReady'
  const byName = new Map(statuses.map((status) => [status.name, status]))
  const unknown: string[] = []
  const unready: string[] = []
  for (const { name } of [...sidecarsOf(pod), ...(pod.spec?.containers ?? [])]) {
    const status = byName.get(name)
    if (status === undefined) unknown.push(name)
    else if (!status.ready) unready.push(name)
  }
  if (phase === 'Succeeded' && unknown.length === 0) return unmet(type, 'PodCompleted')
  if (phase === 'Failed') return unmet(type, 'PodFailed')
  const texts = [
    ...(unknown.length > 0 ? [`containers with unknown status: ${list(unknown)}`] : []),
    ...(unready.length > 0 ? [`containers with unready status: ${list(unready)}`] : []),
  ]
  return texts.length > 0 ? unmet(type, 'ContainersNotReady', texts.join(', ')) : met(type)
}

function readyCondition({ pod, foreign }: ConditionInput, containersReady: Verdict): Verdict {
  const type = 'Ready'
  if (containersReady.status !== 'True') return { ...containersReady, type }
  const texts: string[] = []
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const gate = foreign.find((condition) => condition.type === conditionType)
    if (gate === undefined) {
      texts.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    } else if (gate.status !== 'True') {
      texts.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`)
    }
  }
  return texts.length > 0 ? unmet(type, 'ReadinessGatesNotReady', texts.join(', ')) : met(type)
}

function restartingCondition({ phase, restartingAll }: ConditionInput): Verdict | undefined {
  const type = 'AllContainersRestarting'
  if (restartingAll === undefined) return undefined
  if (phase === 'Succeeded') return unmet(type, 'PodCompleted')
  if (phase === 'Failed') return unmet(type, 'PodFailed')
  if (!restartingAll) return { type, status: 'False' }
  const message = 'container exited with restart policy rule'
  return { type, status: 'True', reason: 'RestartAllContainersStarted', message }
}
