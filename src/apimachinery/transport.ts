import type { WatchEvent } from './meta.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A patch's media type. */
export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml'

export interface ApiRequest {
  readonly method: Method
  /** Absolute, without query: `/apis/apps/v1/namespaces/default/deployments/web/status`. */
  readonly path: string
  /** Query parameters under their API names (`labelSelector`, `fieldManager`, `dryRun`, …). */
  readonly query?: Readonly<Record<string, string>>
  /** A JSON-shaped value that nobody mutates from now on. */
  readonly body?: unknown
  /** Only for PATCH; everything else is a plain object. */
  readonly contentType?: PatchType
  /** The media type of the answer; JSON of whatever the path has where absent. */
  readonly accept?: string
  readonly signal?: AbortSignal
}

export interface ApiResponse {
  /** 200, 201 or 202: errors are thrown. */
  readonly status: number
  /** An object, a list or a Status; frozen where it came from the same process. */
  readonly body: unknown
  readonly warnings: readonly string[]
}

/**
 * One user's way to an API server, in the same process or over HTTPS; both behave alike and pass one
 * contract suite. Whoever makes a transport closes it.
 */
export interface Transport {
  /** Throws StatusError for every answer of 400 and above, and for a server that cannot be reached (ServiceUnavailable). */
  request(request: ApiRequest): Promise<ApiResponse>
  /** Batches of events in order; ends when the server ends the watch; throws as `request` does. An ERROR event is yielded, not thrown. Stops when the request's signal aborts. */
  watch(request: ApiRequest): AsyncIterable<readonly WatchEvent[]>
  close(): Promise<void>
}
