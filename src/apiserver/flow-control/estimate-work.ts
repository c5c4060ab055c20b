import type { ServerRequest } from '../request.ts'
import { booleanValue } from '../rest/query-values.ts'
import type { WorkEstimate } from './queue-set.ts'
import type { WatchCounts } from './watch-counts.ts'

/** What is stored of a resource. */
export interface StoredSize {
  readonly objects: number
  readonly bytes: number
}

/** Undefined for what is not stored here. */
export type SizeOf = (group: string, resource: string) => StoredSize | undefined

/** Upstream's figures (apiserver/pkg/util/flowcontrol/request). */
const maxListSeats = 100
const maxMutatingSeats = 10
const bytesOfSeat = 100_000
/** Lists are streamed out of the cache, so that more is never in memory at a time. */
const streamedBytes = 1_000_000
const watchesOfSeat = 10
const eventMs = 5

const one: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalMs: 0 }

interface ListTerms {
  readonly resourceVersion: string
  readonly match: string
  readonly limit: number
  readonly continues: boolean
  readonly selects: boolean
}

const plainList: ListTerms = { resourceVersion: '', match: '', limit: 0, continues: false, selects: false }

function listTerms({ query }: ServerRequest): ListTerms {
  if (query.isEmpty) return plainList
  return {
    resourceVersion: query.get('resourceVersion') ?? '',
    match: query.get('resourceVersionMatch') ?? '',
    // Whoever lists says later what is wrong with it.
    limit: Number.parseInt(query.get('limit') ?? '', 10) || 0,
    continues: (query.get('continue') ?? '') !== '',
    selects: (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '',
  }
}

/** Whether upstream answers it out of its watch cache; ours has everything, but clients see the same limits. */
function isFromCache({ match, continues, limit, resourceVersion }: ListTerms): boolean {
  if (match === 'NotOlderThan') return true
  if (match !== '' || continues) return false
  return limit <= 0 || resourceVersion === '' || resourceVersion === '0'
}

function objectsInMemory(terms: ListTerms, stored: StoredSize, single: boolean, cached: boolean): number {
  if (single) return 1
  const limited = terms.limit > 0 ? Math.min(terms.limit, stored.objects) : stored.objects
  return !cached && terms.selects ? Math.max(limited, Math.floor(stored.objects / 2)) : limited
}

export interface Estimator {
  readonly sizeOf: SizeOf
  readonly watches: WatchCounts
  /** Told how many watches a write makes work for. */
  readonly onWatches: (count: number) => void
}

/** A watch begins as a list does, unless it only wants what comes. */
function startsFromNow({ query }: ServerRequest): boolean {
  if (booleanValue(query, 'sendInitialEvents') === true) return false
  const version = query.get('resourceVersion') ?? ''
  return version !== '' && version !== '0'
}

function estimateList(request: ServerRequest, { sizeOf }: Estimator, maxSeats: number): WorkEstimate {
  const { verb, group, resource, name } = request.info
  if (verb === 'watch' && startsFromNow(request)) return one
  const stored = sizeOf(group, resource)
  if (stored === undefined || stored.bytes <= bytesOfSeat) return one
  const terms = listTerms(request)
  const cached = verb === 'watch' || isFromCache(terms)
  const bytes =
    objectsInMemory(terms, stored, name !== '', cached) * Math.floor(stored.bytes / stored.objects)
  const seats = Math.ceil((cached ? Math.min(bytes, streamedBytes) : bytes) / bytesOfSeat)
  return { ...one, initialSeats: Math.max(1, Math.min(seats, maxSeats, maxListSeats)) }
}

function estimateWrite({ info }: ServerRequest, estimator: Estimator, maxSeats: number): WorkEstimate {
  if (info.resource === 'serviceaccounts' && info.subresource === 'token') return one
  const watches = estimator.watches.interestedIn(info)
  estimator.onWatches(watches)
  if (watches < watchesOfSeat) return one
  const seats = Math.ceil(watches / watchesOfSeat)
  const finalSeats = Math.min(seats, maxSeats, maxMutatingSeats)
  return { initialSeats: 1, finalSeats, additionalMs: (seats * eventMs) / finalSeats }
}

/** How wide a request is. `maxSeats`: what its level allows; 0: no limit of its own. */
export function estimateWork(request: ServerRequest, estimator: Estimator, maxSeats: number): WorkEstimate {
  const most = maxSeats === 0 ? Number.POSITIVE_INFINITY : maxSeats
  switch (request.info.verb) {
    case 'list':
    case 'watch':
      return estimateList(request, estimator, most)
    case 'create':
    case 'update':
    case 'patch':
    case 'delete':
      return estimateWrite(request, estimator, most)
    default:
      return one
  }
}
