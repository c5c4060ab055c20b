import { jsonText } from '../../base/json-text.ts'
import type { AuditEvent } from './audit-event.ts'

/** An event on its way to backends: each takes the form that it needs, and the other is never made. */
export interface AuditEntry {
  readonly event: AuditEvent
  /** What `jsonText` makes of `event`. */
  readonly json: string
}

export const entryOf = (event: AuditEvent): AuditEntry => ({
  event,
  get json() {
    return jsonText(event)
  },
})
