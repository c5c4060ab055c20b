import type { Host } from '../../base/host.ts'
import type { AuditBackend } from './audit-backend.ts'
import type { AuditEntry } from './audit-entry.ts'
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
  /** Lines of one turn of the event loop are written together. Absent: each by itself, and `process` says whether it was. */
  readonly host?: Pick<Host, 'nextTurn'>
}

/** Characters that wait for the end of a turn. */
const maxWaiting = 64 * 1024

/** Writes each event as a line. */
export class LogBackend implements AuditBackend {
  readonly #options: LogBackendOptions
  #text = ''
  #waiting: AuditEntry[] = []

  constructor(options: LogBackendOptions) {
    this.#options = options
  }

  process(entries: readonly AuditEntry[]): boolean {
    const { host, format } = this.#options
    let complete = true
    for (const entry of entries) {
      const line = `${format === 'json' ? entry.json : eventLine(entry.event)}\n`
      if (host === undefined) complete = this.#write(line, [entry]) && complete
      else this.#collect(host, line, entry)
    }
    return complete
  }

  #collect(host: Pick<Host, 'nextTurn'>, line: string, entry: AuditEntry): void {
    if (this.#text.length + line.length > maxWaiting) this.flush()
    if (this.#waiting.length === 0) void host.nextTurn().then(() => this.flush())
    this.#text += line
    this.#waiting.push(entry)
  }

  flush(): void {
    if (this.#waiting.length === 0) return
    const [text, waiting] = [this.#text, this.#waiting]
    this.#text = ''
    this.#waiting = []
    this.#write(text, waiting)
  }

  #write(text: string, entries: readonly AuditEntry[]): boolean {
    try {
      this.#options.writer.write(text)
      return true
    } catch (error) {
      this.#options.metrics.lost('log', error, entries)
      return false
    }
  }

  stop(): Promise<void> {
    this.flush()
    return this.#options.writer.close()
  }
}
