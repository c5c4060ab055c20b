import { podCondition } from '../api/core/pod/pod-state.ts'
import type { core } from '../api/generated/types/index.ts'
import { formatTime, timeMs } from '../apimachinery/time.ts'
import type { Key } from './controller.ts'

interface Seen {
  /** By name: when a pod became ready, or ceased to be. */
  readonly pods: ReadonlyMap<string, number>
  readonly serviceMs: number
}

/** Not known, or never. */
const never = Number.NEGATIVE_INFINITY

const msOf = (text: string | null | undefined): number => {
  const ms = text === undefined || text === null ? Number.NaN : timeMs(text)
  return Number.isNaN(ms) ? never : ms
}

/**
 * When the change happened that endpoints are written for: what the annotation
 * `endpoints.kubernetes.io/last-change-trigger-time` says, which the latency of service routing is measured from.
 */
export class TriggerTimes {
  readonly #seen = new Map<Key, Seen>()

  /** The earliest change that the last call did not see (RFC 3339); undefined when there is none. A new service's is its creation. */
  next(key: Key, service: core.v1.Service, pods: readonly core.v1.Pod[]): string | undefined {
    const before = this.#seen.get(key)
    let earliestMs = Number.POSITIVE_INFINITY
    const times = new Map<string, number>()
    for (const pod of pods) {
      const ms = msOf(podCondition(pod, 'Ready')?.lastTransitionTime)
      if (ms === never) continue
      const { name = '' } = pod.metadata ?? {}
      times.set(name, ms)
      if (ms > (before?.pods.get(name) ?? never)) earliestMs = Math.min(earliestMs, ms)
    }
    const serviceMs = msOf(service.metadata?.creationTimestamp)
    if (serviceMs > (before?.serviceMs ?? never)) earliestMs = Math.min(earliestMs, serviceMs)
    this.#seen.set(key, { pods: times, serviceMs })
    if (before === undefined) return serviceMs === never ? undefined : formatTime(serviceMs)
    return earliestMs === Number.POSITIVE_INFINITY ? undefined : formatTime(earliestMs)
  }

  forget(key: Key): void {
    this.#seen.delete(key)
  }
}
