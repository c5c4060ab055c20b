import type { core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { PressureCondition } from '../eviction/thresholds.ts'

type Condition = core.v1.NodeCondition

interface Pressure {
  readonly type: string
  readonly pressed: boolean
  readonly bad: readonly [reason: string, message: string]
  readonly good: readonly [reason: string, message: string]
}

const pressures = (pressing: ReadonlySet<PressureCondition>): readonly Pressure[] => [
  {
    type: 'MemoryPressure',
    pressed: pressing.has('MemoryPressure'),
    bad: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    good: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  },
  {
    type: 'DiskPressure',
    pressed: pressing.has('DiskPressure'),
    bad: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    good: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  },
  {
    type: 'PIDPressure',
    pressed: pressing.has('PIDPressure'),
    bad: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    good: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  },
]

/** A node's conditions; Ready is the last. `errors` say why it is not ready. */
export function nodeConditions(
  pressing: ReadonlySet<PressureCondition>,
  errors: readonly string[],
  previous: readonly Condition[],
  nowMs: number,
): readonly Condition[] {
  const now = formatTime(nowMs)
  const condition = (type: string, met: boolean, [reason, message]: readonly [string, string]): Condition => {
    const status = met ? 'True' : 'False'
    const before = previous.find((old) => old.type === type)
    const since = before?.status === status ? before.lastTransitionTime : undefined
    return { type, status, lastHeartbeatTime: now, lastTransitionTime: since ?? now, reason, message }
  }
  const joined = errors.length > 1 ? `[${errors.join(', ')}]` : (errors[0] ?? '')
  const ready = errors.length === 0
  return [
    ...pressures(pressing).map(({ type, pressed, bad, good }) =>
      condition(type, pressed, pressed ? bad : good),
    ),
    condition(
      'Ready',
      ready,
      ready ? ['KubeletReady', 'kubelet is posting ready status'] : ['KubeletNotReady', joined],
    ),
  ]
}

/** What has become of conditions, as Events name it: `NodeHasSufficientMemory`. A node's first readiness is none. */
export const conditionChanges = (
  before: readonly Condition[],
  now: readonly Condition[],
): readonly string[] =>
  now.flatMap(({ type, status, reason = '' }) => {
    const old = before.find((condition) => condition.type === type)?.status
    if (old === status || (old === undefined && type === 'Ready')) return []
    return reason.replace('Kubelet', 'Node')
  })
