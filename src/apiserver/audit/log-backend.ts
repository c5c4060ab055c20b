import { jsonText } from '../../base/json-text.ts'
import type { AuditBackend } from './audit-backend.ts'
import type { AuditMetrics } from './audit-metrics.ts'
import { eventLine } from './event-line.ts'

export const auditLogFormats = ['legacy', 'json'] as const
export type AuditLogFormat = (typeof auditLogFormats)[number]

/** Takes whole lines. */
export interface AuditWriter {
  /** The text is with the operating system when it returns. Throws what the operating system says. */
  write(text: string): void
  /** Ends what goes on beside, and closes the file. */
  close(): Promise<void>
}

export interface LogBackendOptions {
  readonly writer: AuditWriter
  readonly format: AuditLogFormat
  readonly metrics: AuditMetrics
}

/** Writes each event as a line. */
export function logBackend({ writer, format, metrics }: LogBackendOptions): AuditBackend {
  return {
    process: (events) => {
      let complete = true
      for (const event of events) {
        try {
          writer.write(`${format === 'json' ? jsonText(event) : eventLine(event)}\n`)
        } catch (error) {
          metrics.lost('log', error, [event])
          complete = false
        }
      }
      return complete
    },
    stop: () => writer.close(),
  }
}
