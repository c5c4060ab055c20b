import type { ListMeta, Status } from '../../apimachinery/meta.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { EventEncoding } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { ListSource } from './list-source.ts'

/** How a watch's events look; changes through `encode`. */
export interface StreamRepresentation extends EventEncoding {
  readonly streamType: string
  /** A BOOKMARK event. `initialEventsEnd` marks the end of a watch's initial events. */
  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array
  /** An ERROR event. */
  error(status: Status): Uint8Array
}

/** One whose lists are made while they are sent. */
export interface LazyRepresentation extends Representation {
  list(records: readonly CachedObject[], metadata: ListMeta): ListSource
}

/** How objects of one resource look in one media type, whole, as a table or as metadata. One for each such combination, so that what it made may be shared. */
export interface Representation {
  readonly contentType: string
  /** Undefined: there is no watch in this media type. */
  readonly stream: StreamRepresentation | undefined
  /** One object. */
  one(record: CachedObject): Uint8Array
  /** An object that is not in the cache: a dry run's, or of another kind. */
  object(object: object): Uint8Array
  /** A list, made as it is sent where it can be. */
  list(records: readonly CachedObject[], metadata: ListMeta): MaybePromise<ListSource>
}
