import type { Logger } from '../../base/logger.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'
import type { AuditEntry } from './audit-entry.ts'
import { eventLine } from './event-line.ts'

/** Of so many lost events the log tells which they were. */
const maxShown = 10

/** What is counted of auditing, under upstream's names. */
export class AuditMetrics {
  readonly #logger: Logger
  readonly #errors: Counter
  readonly events: Counter
  /** By level. */
  readonly levels: Counter
  readonly rejected: Counter

  constructor(metrics: Metrics, logger: Logger) {
    this.#logger = logger
    this.events = metrics.counter({
      name: 'apiserver_audit_event_total',
      help: 'Counter of audit events generated and sent to the audit backend.',
    })
    this.#errors = metrics.counter({
      name: 'apiserver_audit_error_total',
      help: 'Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.',
      labels: ['plugin'],
    })
    this.levels = metrics.counter({
      name: 'apiserver_audit_level_total',
      help: 'Counter of policy levels for audit events (1 per request).',
      labels: ['level'],
    })
    this.rejected = metrics.counter({
      name: 'apiserver_audit_requests_rejected_total',
      help: 'Counter of apiserver requests rejected due to an error in audit logging backend.',
    })
  }

  /** Events that did not arrive; what they are about goes to the log without anybody's objects. */
  lost(plugin: string, error: unknown, entries: readonly AuditEntry[]): void {
    this.#errors.inc([plugin], entries.length)
    const shown = entries.slice(0, maxShown).map(({ event }) => eventLine(event))
    this.#logger.error('audit events are lost', { plugin, error, count: entries.length, events: shown })
  }
}
