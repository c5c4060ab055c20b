import type { Host } from '../../base/host.ts'
import type { OutsideCaller } from '../outside/outside-caller.ts'
import { ReviewPoster } from '../outside/review-poster.ts'
import type { AuditBackend } from './audit-backend.ts'
import type { AuditMetrics } from './audit-metrics.ts'

export interface WebhookBackendOptions {
  readonly host: Host
  /** Closed with the backend. */
  readonly caller: OutsideCaller
  readonly url: string
  readonly metrics: AuditMetrics
  /** Before the second attempt; each of the three after it comes half as much later again. */
  readonly initialBackoffMs: number
}

/** Of one attempt, as upstream's. */
const timeoutMs = 30_000

/** Posts events as an EventList; whatever goes wrong is tried again, five times in all. */
export function webhookBackend(options: WebhookBackendOptions): AuditBackend {
  const { host, caller, url, metrics, initialBackoffMs: firstDelayMs } = options
  let isStopped = false
  const mayRetry = (): boolean => !isStopped
  const poster = new ReviewPoster({ host, caller, url, timeoutMs, firstDelayMs, mayRetry })
  return {
    process: async (entries) => {
      const items = entries.map(({ event: { kind: _kind, apiVersion: _version, ...event } }) => event)
      try {
        await poster.tell({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items })
        return true
      } catch (error) {
        metrics.lost('webhook', error, entries)
        return false
      }
    },
    stop: () => {
      isStopped = true
      caller.close()
      return Promise.resolve()
    },
  }
}
