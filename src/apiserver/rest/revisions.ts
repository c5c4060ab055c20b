import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { badRequest, type StatusError, statusError } from '../../apimachinery/status-error.ts'
import type { Resource } from './resource.ts'

/** How long a read waits for a revision that the caches have not seen; upstream's. */
const freshnessWaitMs = 3000

const decimal = /^\d+$/

/** Upstream's list says what was wrong with what the client sent, its get and watch only what went wrong. */
export type RevisionUse = 'get' | 'list'

/** A resource version as a number, 0 for an absent one. Throws with upstream's text. */
export function parseRevision(text: string, use: RevisionUse): number {
  if (text === '') return 0
  const value = decimal.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  const why = decimal.test(text) ? 'value out of range' : 'invalid syntax'
  const { field, message } = invalidValue(
    fieldPath('resourceVersion'),
    text,
    `strconv.ParseUint: parsing ${goQuote(text)}: ${why}`,
  )
  const detail = `${field}: ${message}`
  throw use === 'list' ? badRequest(`invalid resource version: ${detail}`) : statusError('', detail)
}

export const tooLargeRevision = (wanted: number, current: number): StatusError =>
  statusError('Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** Resolves when the caches show `revision`; undefined: they do. Rejects with upstream's 504 if that takes too long. */
export function atLeast(resource: Resource, revision: number, id?: string): Promise<void> | undefined {
  const { mirror } = resource.context
  const late = (): Error => tooLargeRevision(revision, mirror.revision)
  return settledAfter(mirror.reachedWithin(revision, freshnessWaitMs, late), resource, id)
}

/** Resolves when the caches are as new as a read with this resource version (of one object, if an id is given) needs; undefined: they are. */
export function fresh(
  resource: Resource,
  revision: string,
  use: RevisionUse,
  id?: string,
): Promise<void> | undefined {
  if (revision === '') return settledAfter(resource.context.mirror.fresh(), resource, id)
  const wanted = parseRevision(revision, use)
  return wanted === 0 ? undefined : atLeast(resource, wanted, id)
}

const settledAfter = (
  waiting: Promise<void> | undefined,
  resource: Resource,
  id: string | undefined,
): Promise<void> | undefined =>
  waiting === undefined ? resource.settled(id) : waiting.then(() => resource.settled(id))
