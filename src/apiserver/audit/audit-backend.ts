import type { MaybePromise } from '../authenticator.ts'
import type { AuditEntry } from './audit-entry.ts'

/** Where events go. */
export interface AuditBackend {
  /** In order. False: some were lost, and the request that they are about is to be refused. Never throws. */
  process(entries: readonly AuditEntry[]): MaybePromise<boolean>
  /** What waits for others of its turn is where it goes when this returns. Absent: nothing waits so. */
  flush?(): void
  /** Lets what is under way arrive, for as long as that is reasonable; nothing comes after it. */
  stop(): Promise<void>
}

/** Tells all of several. */
export function unionBackend(backends: readonly AuditBackend[]): AuditBackend {
  return {
    process: (entries) => {
      const results = backends.map((backend) => backend.process(entries))
      return results.some((result) => result instanceof Promise)
        ? Promise.all(results).then((all) => all.every((each) => each))
        : results.every((result) => result === true)
    },
    flush: () => {
      for (const backend of backends) backend.flush?.()
    },
    stop: async () => {
      await Promise.all(backends.map((backend) => backend.stop()))
    },
  }
}

/** Requests go on whatever becomes of their events: `blocking`, not `blocking-strict`. */
export const forgivingBackend = (backend: AuditBackend): AuditBackend => ({
  process: (entries) => {
    const result = backend.process(entries)
    return result instanceof Promise ? result.then(() => true) : true
  },
  flush: () => backend.flush?.(),
  stop: () => backend.stop(),
})
