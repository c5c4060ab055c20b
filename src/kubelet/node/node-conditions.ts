import type { core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { MachineState } from './machine.ts'

type Condition = core.v1.NodeCondition

/** Below this a node evicts pods: upstream's hard thresholds (pkg/kubelet/eviction/defaults_linux.go). */
const minMemoryBytes = 100 * 1024 * 1024
const minDiskShare = 0.1
const minInodeShare = 0.05
/** Upstream has no default for processes; a tenth of them must be free before it warns here. */
const minProcessShare = 0.1

interface Pressure {
  readonly type: string
  readonly pressed: boolean
  readonly bad: readonly [reason: string, message: string]
  readonly good: readonly [reason: string, message: string]
}

function pressures(state: MachineState): readonly Pressure[] {
  const disk = state.availableDiskBytes < state.diskBytes * minDiskShare
  const inodes = state.inodes > 0 && state.freeInodes < state.inodes * minInodeShare
  const freeProcesses = state.maxProcesses - state.runningProcesses
  return [
    {
      type: 'MemoryPressure',
      pressed: state.availableMemoryBytes < minMemoryBytes,
      bad: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
      good: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    },
    {
      type: 'DiskPressure',
      pressed: disk || inodes,
      bad: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
      good: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    },
    {
      type: 'PIDPressure',
      pressed: state.maxProcesses > 0 && freeProcesses < state.maxProcesses * minProcessShare,
      bad: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
      good: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    },
  ]
}

/** A node's conditions; Ready is the last. `errors` say why it is not ready. */
export function nodeConditions(
  state: MachineState,
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
    ...pressures(state).map(({ type, pressed, bad, good }) => condition(type, pressed, pressed ? bad : good)),
    condition(
      'Ready',
      ready,
      ready ? ['KubeletReady', 'kubelet is posting ready status'] : ['KubeletNotReady', joined],
    ),
  ]
}
