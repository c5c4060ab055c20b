import type { MaybePromise } from '../authenticator.ts'
import type { AuditBackend } from './audit-backend.ts'
import { type AuditEntry, entryOf } from './audit-entry.ts'
import type { AuditEvent } from './audit-event.ts'
import type { AuditMetrics } from './audit-metrics.ts'

export interface TruncatingLimits {
  readonly maxEventBytes: number
  readonly maxBatchBytes: number
}

const encoder = new TextEncoder()
const sizeOf = ({ json }: AuditEntry): number => encoder.encode(json).length + 1

/** Without objects, and saying so. */
function truncated(event: AuditEvent): AuditEvent {
  const { requestObject: _request, responseObject: _response, ...rest } = event
  return { ...rest, annotations: { ...event.annotations, 'audit.k8s.io/truncated': 'true' } }
}

/** Takes the objects out of events that are too large, drops those that still are, and splits batches. */
export function truncatingBackend(
  backend: AuditBackend,
  limits: TruncatingLimits,
  metrics: AuditMetrics,
): AuditBackend {
  const fit = (entry: AuditEntry): { readonly entry: AuditEntry; readonly bytes: number } => {
    const bytes = sizeOf(entry)
    if (bytes <= limits.maxEventBytes) return { entry, bytes }
    const { event } = entry
    if (event.level !== 'Request' && event.level !== 'RequestResponse') return { entry, bytes }
    const small = entryOf(truncated(event))
    return { entry: small, bytes: sizeOf(small) }
  }
  return {
    process: (entries) => {
      const fitted = entries.map(fit)
      const tooLarge = fitted.filter(({ bytes }) => bytes > limits.maxEventBytes)
      if (tooLarge.length > 0)
        metrics.lost(
          'truncate',
          new Error('event is too large even after truncating'),
          tooLarge.map(({ entry }) => entry),
        )
      const batches: AuditEntry[][] = []
      let batchBytes = 0
      for (const { entry, bytes } of fitted) {
        if (bytes > limits.maxEventBytes) continue
        const last = batches.at(-1)
        if (last === undefined || batchBytes + bytes > limits.maxBatchBytes) {
          batches.push([entry])
          batchBytes = 0
        } else last.push(entry)
        batchBytes += bytes
      }
      return inTurn(backend, batches, 0, true)
    },
    flush: () => backend.flush?.(),
    stop: () => backend.stop(),
  }
}

function inTurn(
  backend: AuditBackend,
  batches: readonly (readonly AuditEntry[])[],
  start: number,
  before: boolean,
): MaybePromise<boolean> {
  let complete = before
  for (let index = start; index < batches.length; index++) {
    const result = backend.process(batches[index] ?? [])
    if (result instanceof Promise)
      return result.then((stored) => inTurn(backend, batches, index + 1, stored && complete))
    complete = result && complete
  }
  return complete
}
