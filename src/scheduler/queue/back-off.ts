import type { QueuedPod } from './queued-pod.ts'

export interface BackOffLimits {
  /** podInitialBackoffSeconds, in milliseconds. */
  readonly initialMs: number
  /** podMaxBackoffSeconds, in milliseconds; 0 turns back-off off. */
  readonly maxMs: number
  /** SchedulerPopFromBackoffQ: ends of back-offs are rounded down to whole seconds, so that priority decides within one. */
  readonly windows: boolean
}

/** Upstream's ordering window. */
const windowMs = 1_000

const alignToWindow = (timeMs: number, { windows }: BackOffLimits): number =>
  windows ? Math.floor(timeMs / windowMs) * windowMs : timeMs

/** How long a pod backs off after so many attempts that failed in the same way. */
export function backOffMs(count: number, { initialMs, maxMs }: BackOffLimits): number {
  return count === 0 ? 0 : Math.min(maxMs, initialMs * 2 ** (count - 1))
}

/** When the pod's back-off ends; 0 for one that has none. */
export function backOffUntilMs(pod: QueuedPod, limits: BackOffLimits): number {
  const count = pod.errorCount > 0 ? pod.errorCount : pod.unschedulableCount
  if (limits.maxMs === 0 || count === 0) return 0
  pod.backOffUntilMs ??= alignToWindow(pod.timestampMs + backOffMs(count, limits), limits)
  return pod.backOffUntilMs
}

/** A pod whose back-off ends within the present window still backs off, as upstream has it. */
export const isBackingOff = (pod: QueuedPod, nowMs: number, limits: BackOffLimits): boolean =>
  backOffUntilMs(pod, limits) >= alignToWindow(nowMs, limits)

/** The first moment at which `isBackingOff` is false. */
export const readyAtMs = (pod: QueuedPod, limits: BackOffLimits): number =>
  backOffUntilMs(pod, limits) + (limits.windows ? windowMs : 1)
