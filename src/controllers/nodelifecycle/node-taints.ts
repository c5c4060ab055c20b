import type { core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { readyCondition } from './node-health.ts'

type Node = core.v1.Node
type Taint = core.v1.Taint

const notReadyTaint = 'node.kubernetes.io/not-ready'
const unreachableTaint = 'node.kubernetes.io/unreachable'
const unschedulableTaint = 'node.kubernetes.io/unschedulable'

/** Condition → status → key of the taint that goes with it. */
const taintsOfConditions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
}

const ownNoSchedule: readonly string[] = [
  unschedulableTaint,
  ...Object.values(taintsOfConditions).flatMap((keys) => Object.values(keys)),
]
const ownNoExecute: readonly string[] = [notReadyTaint, unreachableTaint]

const isOwn = ({ key, effect }: Taint): boolean =>
  (effect === 'NoSchedule' && ownNoSchedule.includes(key)) ||
  (effect === 'NoExecute' && ownNoExecute.includes(key))

function noScheduleKeys(node: Node): readonly string[] {
  const keys = (node.status?.conditions ?? []).flatMap(({ type, status }) => {
    const key = taintsOfConditions[type]?.[status]
    return key === undefined ? [] : [key]
  })
  return node.spec?.unschedulable === true ? [...keys, unschedulableTaint] : keys
}

/** The key of the NoExecute taint that the node's readiness asks for, if any. */
export function noExecuteKey(node: Node): string | undefined {
  const status = readyCondition(node)?.status
  return status === undefined ? undefined : taintsOfConditions.Ready?.[status]
}

export const hasNoExecute = (node: Node): boolean =>
  (node.spec?.taints ?? []).some((taint) => taint.effect === 'NoExecute' && ownNoExecute.includes(taint.key))

/** The node's taints as its conditions ask for them, and `noExecute`; the same list when they are so. */
export function wantedTaints(node: Node, noExecute: string | undefined, nowMs: number): readonly Taint[] {
  const taints = node.spec?.taints ?? []
  const wanted: readonly Taint[] = [
    ...noScheduleKeys(node).map((key) => ({ key, effect: 'NoSchedule' })),
    ...(noExecute === undefined ? [] : [{ key: noExecute, effect: 'NoExecute' }]),
  ]
  const isWanted = (taint: Taint): boolean =>
    wanted.some(({ key, effect }) => key === taint.key && effect === taint.effect)
  const kept = taints.filter((taint) => !isOwn(taint) || isWanted(taint))
  const added = wanted.filter(
    ({ key, effect }) => !taints.some((taint) => taint.key === key && taint.effect === effect),
  )
  if (added.length === 0 && kept.length === taints.length) return taints
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: formatTime(nowMs) }))]
}
