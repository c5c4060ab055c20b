import type { Key } from '../../reconcile/controller.ts'
import { type Failures, noFailures } from './back-off.ts'
import { isTracked, type Job, type Pod } from './job-pod.ts'
import { uidOf } from './observe-job.ts'

/** What one reconcile of a job tells the next, beside what is written. */
export interface Memory {
  readonly uid: string
  failures: Failures
  /** Pods whose finalizer we have removed: a cache that is behind would have them counted twice. */
  readonly released: Set<string>
}

/** Of the jobs that are going on: one entry each, forgotten when they end. */
export class Memories {
  readonly #memories = new Map<Key, Memory>()

  /** The job's, with those of its pods forgotten that the cache shows as we left them. */
  of(key: Key, job: Job, pods: readonly Pod[]): Memory {
    const uid = job.metadata?.uid ?? ''
    const known = this.#memories.get(key)
    const memory = known?.uid === uid ? known : { uid, failures: noFailures, released: new Set<string>() }
    this.#memories.set(key, memory)
    if (memory.released.size > 0) {
      const tracked = new Set(pods.filter(isTracked).map(uidOf))
      for (const each of memory.released) if (!tracked.has(each)) memory.released.delete(each)
    }
    return memory
  }

  forget(key: Key): void {
    this.#memories.delete(key)
  }
}
