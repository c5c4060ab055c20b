import type { ListMeta } from '../../apimachinery/meta.ts'
import { badRequest, expired, StatusError } from '../../apimachinery/status-error.ts'
import { CompactedError, FutureRevisionError } from '../../storage/storage.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Selected, SelectOptions } from '../cache/resource-cache.ts'
import { namespaceOf, type Selection } from '../cache/selection.ts'
import { type Continuation, decodeContinue, encodeContinue } from './continue-token.ts'
import { checkReadable } from './corrupt.ts'
import type { ListOptions } from './list-options.ts'
import type { Resource } from './resource.ts'
import { fresh, parseRevision, tooLargeRevision } from './revisions.ts'

export interface ListResult {
  readonly records: readonly CachedObject[]
  readonly metadata: ListMeta
}

const tooOld = 'The resourceVersion for the provided list is too old.'
const continueTooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

/** Objects read from the store at once for a list of the past. */
const pageSize = 500
const sliceMs = 5

/** LIST: from the cache wherever it holds what is asked for, from the store's past otherwise. */
export async function listSelected(
  resource: Resource,
  namespace: string,
  options: ListOptions,
): Promise<ListResult> {
  const selection: Selection = { namespace, labels: options.labels, fields: options.fields }
  if (options.continue !== '') {
    const position = decodeContinue(options.continue, namespace)
    if (options.resourceVersion !== '' && options.resourceVersion !== '0')
      throw badRequest('specifying resource version is not allowed when using continue')
    if (position.revision > 0) return listAt(resource, selection, options.limit, position)
    return listNewest(resource, selection, options.limit, position.after)
  }
  if (isExact(options)) {
    const revision = parseRevision(options.resourceVersion, 'list')
    return listAt(resource, selection, options.limit, { revision, after: '' })
  }
  if (options.resourceVersion === '') resource.cache.figures.consistentReads++
  const waiting = fresh(resource, options.resourceVersion, 'list')
  if (waiting !== undefined) await waiting
  // Upstream's cache does not know limits when any state will do.
  const limit = options.resourceVersion === '0' ? 0 : options.limit
  return listNewest(resource, selection, limit, '')
}

/** A limit with a resource version and no word about its meaning is exact, too, for old clients. */
function isExact({ resourceVersion, resourceVersionMatch, limit }: ListOptions): boolean {
  if (resourceVersionMatch === 'Exact') return true
  return resourceVersionMatch === '' && limit > 0 && resourceVersion !== '' && resourceVersion !== '0'
}

async function listNewest(
  resource: Resource,
  selection: Selection,
  limit: number,
  after: string,
): Promise<ListResult> {
  checkReadable(resource, selection.namespace)
  await loadAttributes(resource, selection)
  const { objects, remaining, more } = select(resource, selection, { limit, after })
  return {
    records: objects,
    metadata: metadataOf(resource.revision, selection, objects, more, remaining),
  }
}

/** From the cache; counted. */
function select({ cache }: Resource, selection: Selection, options: SelectOptions): Selected {
  const selected = cache.select(selection, options)
  cache.figures.noteList(selected.index, selected.fetched, selected.objects.length)
  return selected
}

function metadataOf(
  revision: number,
  selection: Selection,
  records: readonly CachedObject[],
  more: boolean,
  remaining: number | undefined,
): ListMeta {
  const resourceVersion = String(revision)
  const last = records.at(-1)
  if (!more || last === undefined) return { resourceVersion }
  const token = encodeContinue({ revision, after: last.id }, selection.namespace)
  return {
    resourceVersion,
    continue: token,
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  }
}

/**
 * What a selection is judged by, a slice at a time: objects that were loaded at the start have not been looked into,
 * and the first selection of its sort makes an index.
 */
export async function loadAttributes(resource: Resource, selection: Selection): Promise<void> {
  const { cache, context } = resource
  if (!cache.needsAttributes(selection)) return
  const { host } = context
  let sliceStartMs = host.monotonicMs()
  for (const _pause of attributesOf(resource, selection)) {
    if (host.monotonicMs() - sliceStartMs < sliceMs) continue
    await host.nextTurn()
    sliceStartMs = host.monotonicMs()
  }
}

function* attributesOf({ cache }: Resource, selection: Selection): Iterable<undefined> {
  if (!cache.hasAllAttributes) {
    for (const record of [...cache.values()]) {
      if (record.attributes !== undefined) continue
      cache.attributes(record)
      yield
    }
    cache.noteAllAttributes()
  }
  yield* cache.prepare(selection)
}

/** As of one revision: from the cache if nothing has changed since, from the store otherwise. */
async function listAt(
  resource: Resource,
  selection: Selection,
  limit: number,
  position: Continuation,
): Promise<ListResult> {
  const { cache, context } = resource
  const waiting = fresh(resource, '', 'list')
  if (waiting !== undefined) await waiting
  const { revision, after } = position
  if (revision > context.mirror.revision) throw tooLargeRevision(revision, context.mirror.revision)
  // What has been compacted is gone for every client, although nothing may have changed since.
  if (cache.lastChange <= revision && revision >= context.storage.compactedRevision) {
    await loadAttributes(resource, selection)
    if (cache.lastChange <= revision) {
      const { objects, remaining, more } = select(resource, selection, { limit, after })
      return { records: objects, metadata: metadataOf(revision, selection, objects, more, remaining) }
    }
  }
  try {
    return await listPast(resource, selection, limit, position)
  } catch (error) {
    if (error instanceof FutureRevisionError) throw tooLargeRevision(revision, error.currentRevision)
    if (!(error instanceof CompactedError)) throw error
    throw after === '' ? expired(tooOld) : expiredContinuation(selection, after)
  }
}

/** Tells how to get the rest all the same, if its being inconsistent does not matter. */
function expiredContinuation(selection: Selection, after: string): StatusError {
  const error = expired(continueTooOld)
  const token = encodeContinue({ revision: -1, after }, selection.namespace)
  return new StatusError({ ...error.status, metadata: { continue: token } })
}

async function listPast(
  resource: Resource,
  selection: Selection,
  limit: number,
  { revision, after }: Continuation,
): Promise<ListResult> {
  const { cache, context } = resource
  const { mirror } = context
  const { stored } = cache.figures
  stored.lists++
  const namespace = namespaceOf(selection)
  const prefix = mirror.key(cache, namespace === '' ? '' : `${namespace}/`)
  const root = mirror.key(cache, '')
  const records: CachedObject[] = []
  let position = after === '' ? undefined : root + after
  for (;;) {
    const start = position === undefined ? {} : { after: position }
    const page = await mirror.store.range(cache, prefix, { ...start, limit: pageSize, revision })
    stored.fetched += page.entries.length
    const past = resource.past(page.entries)
    for (const entry of past === undefined ? page.entries : await past) {
      const record = cache.detached(entry.key.slice(root.length), entry.value, 0, entry.modRevision)
      if (!cache.matches(record, selection)) continue
      if (limit > 0 && records.length === limit) {
        // What the API calls an estimate: counted as of now, since counting the past would read it all.
        const remaining = cache.countAfter(selection, records.at(-1)?.id ?? '')
        return { records, metadata: metadataOf(revision, selection, records, true, remaining) }
      }
      records.push(record)
      stored.returned++
    }
    position = page.entries.at(-1)?.key
    if (!page.more || position === undefined)
      return { records, metadata: metadataOf(revision, selection, records, false, 0) }
  }
}
