import { expired, StatusError } from '../../apimachinery/status-error.ts'
import { type Change, CompactedError } from '../../storage/storage.ts'
import { CacheEvent } from '../cache/cache-event.ts'
import type { Selection } from '../cache/selection.ts'
import { checkReadable } from '../rest/corrupt.ts'
import { loadAttributes } from '../rest/list.ts'
import type { ListOptions } from '../rest/list-options.ts'
import type { Resource } from '../rest/resource.ts'
import { atLeast, fresh, parseRevision } from '../rest/revisions.ts'

/** Past events that are read back from the store for one watch; a watch further behind has to list anew. */
const maxRecoveredEvents = 10_000

/** Where a watch begins: with what is there, or after a revision; `recovered` are events that the history has forgotten. */
export type StartPoint =
  | { readonly type: 'initial' }
  | { readonly type: 'after'; readonly revision: number; readonly recovered: readonly CacheEvent[] }
  | { readonly type: 'failed'; readonly error: StatusError }

/** The watch has to start anew from a list. */
export const tooOld = (revision: number, floor: number): StatusError =>
  expired(`too old resource version: ${revision} (${floor})`)

/**
 * Finds out where a watch begins, and makes the caches ready for it. As upstream, what is wrong with a resource
 * version that could be read is told by the watch's first event.
 */
export async function findStart(
  resource: Resource,
  selection: Selection,
  options: ListOptions,
): Promise<StartPoint> {
  const { cache } = resource
  const revision = parseRevision(options.resourceVersion, 'get')
  await loadAttributes(resource, selection)
  try {
    if (options.sendInitialEvents === true || revision === 0) {
      const waiting =
        options.resourceVersion === '' ? fresh(resource, '', 'get') : atLeast(resource, revision)
      if (waiting !== undefined) await waiting
      if (options.sendInitialEvents !== false) {
        checkReadable(resource, selection.namespace)
        return { type: 'initial' }
      }
      return { type: 'after', revision: resource.revision, recovered: [] }
    }
    if (revision >= cache.history.floor) return { type: 'after', revision, recovered: [] }
    return { type: 'after', revision, recovered: await recover(resource, revision) }
  } catch (error) {
    if (error instanceof CompactedError)
      return { type: 'failed', error: tooOld(revision, error.compactedRevision) }
    if (error instanceof StatusError) return { type: 'failed', error }
    throw error
  }
}

interface PastChange extends Change {
  readonly revision: number
}

/** Reads from the store what the history does not hold any more. */
async function recover(resource: Resource, revision: number): Promise<readonly CacheEvent[]> {
  const { cache } = resource
  const prefix = resource.context.mirror.key(cache, '')
  const changes = await changesSince(resource, prefix, revision)
  const states = changes.flatMap(({ entry, previous }) => [entry, previous].flatMap((state) => state ?? []))
  const past = resource.past(states)
  const shown = past === undefined ? states : await past
  const recordOf = new Map(
    states.map((state, index) => {
      const { key, value, modRevision } = shown[index] ?? state
      return [state, cache.detached(key.slice(prefix.length), value, 0, modRevision)]
    }),
  )
  return changes.map(({ revision: at, entry, previous }) => {
    const [now, before] = [entry, previous].map((state) => state && recordOf.get(state))
    return new CacheEvent(at, now, before, cache.layout)
  })
}

async function changesSince(
  { cache, context }: Resource,
  prefix: string,
  revision: number,
): Promise<readonly PastChange[]> {
  const stop = new AbortController()
  const changes: PastChange[] = []
  try {
    for await (const batch of context.storage.watch(prefix, { after: revision, signal: stop.signal })) {
      for (const change of batch.changes) changes.push({ ...change, revision: batch.revision })
      if (batch.revision >= cache.history.floor) return changes
      if (changes.length > maxRecoveredEvents) throw tooOld(revision, cache.history.floor)
    }
  } finally {
    stop.abort()
  }
  return changes
}

/** All events between the start and now, oldest first; undefined: they are lost. Synchronous, so that nothing is missed. */
export function eventsSince(
  { cache }: Resource,
  { revision, recovered }: { readonly revision: number; readonly recovered: readonly CacheEvent[] },
): readonly CacheEvent[] | undefined {
  const last = recovered.at(-1)?.revision ?? revision
  const { floor } = cache.history
  if (last >= floor) return [...recovered, ...cache.history.after(last)]
  return undefined
}
