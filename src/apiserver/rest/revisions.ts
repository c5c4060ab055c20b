import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { invalid, type StatusError, statusError } from '../../apimachinery/status-error.ts'
import type { Resource } from './resource.ts'

/** How long a read waits for a revision that the caches have not seen; upstream's. */
const freshnessWaitMs = 3000

const decimal = /^\d+$/

/** A resource version as a number, 0 for an absent one. Throws Invalid with upstream's text. */
export function parseRevision(resource: Resource, text: string): number {
  if (text === '') return 0
  const value = decimal.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  const why = decimal.test(text) ? 'value out of range' : 'invalid syntax'
  const detail = `strconv.ParseUint: parsing ${goQuote(text)}: ${why}`
  throw invalid({ group: resource.kind.group, kind: resource.kind.resource, name: '' }, [
    invalidValue(fieldPath('resourceVersion'), text, detail),
  ])
}

export const tooLargeRevision = (wanted: number, current: number): StatusError =>
  statusError('Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** Resolves when the caches show `revision`; undefined: they do. Rejects with upstream's 504 if that takes too long. */
export function atLeast(resource: Resource, revision: number): Promise<void> | undefined {
  const { mirror } = resource.context
  return mirror.reachedWithin(revision, freshnessWaitMs, () => tooLargeRevision(revision, mirror.revision))
}

/** Resolves when the caches are as new as a read with this resource version needs; undefined: they are. */
export function fresh(resource: Resource, revision: string): Promise<void> | undefined {
  if (revision === '') return resource.context.mirror.fresh()
  const wanted = parseRevision(resource, revision)
  return wanted === 0 ? undefined : atLeast(resource, wanted)
}
