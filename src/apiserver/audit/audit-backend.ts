import type { MaybePromise } from '../authenticator.ts'
import type { AuditEvent } from './audit-event.ts'

/** Where events go. */
export interface AuditBackend {
  /** In order. False: some were lost, and the request that they are about is to be refused. Never throws. */
  process(events: readonly AuditEvent[]): MaybePromise<boolean>
  /** Lets what is under way arrive, for as long as that is reasonable; nothing comes after it. */
  stop(): Promise<void>
}

/** Tells all of several. */
export function unionBackend(backends: readonly AuditBackend[]): AuditBackend {
  return {
    process: (events) => {
      const results = backends.map((backend) => backend.process(events))
      return results.some((result) => result instanceof Promise)
        ? Promise.all(results).then((all) => all.every((each) => each))
        : results.every((result) => result === true)
    },
    stop: async () => {
      await Promise.all(backends.map((backend) => backend.stop()))
    },
  }
}

/** Requests go on whatever becomes of their events: `blocking`, not `blocking-strict`. */
export const forgivingBackend = (backend: AuditBackend): AuditBackend => ({
  process: (events) => {
    const result = backend.process(events)
    return result instanceof Promise ? result.then(() => true) : true
  },
  stop: () => backend.stop(),
})
