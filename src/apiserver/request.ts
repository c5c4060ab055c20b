import type { ParsedBody } from '../apimachinery/codec/decode-object.ts'
import type { Query } from './query.ts'
import type { Headers } from './response.ts'

/** Who asks, as authentication found out (`user.Info`). */
export interface UserInfo {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** What a request is about, from its method and path alone. Absent parts are ''. */
export interface RequestInfo {
  /** False for `/healthz`, `/version`, discovery and the like: then only `verb` (the method in lower case) and `path` say anything. */
  readonly isResourceRequest: boolean
  readonly path: string
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `proxy`. */
  readonly verb: string
  /** `api` or `apis`. */
  readonly apiPrefix: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** Path segments from the resource on: `['pods', 'web', 'proxy', 'index.html']`. */
  readonly parts: readonly string[]
}

/** An authority that clients' certificates may come from: of clients themselves, or of front proxies that speak for others. */
export type ClientAuthority = 'client' | 'front-proxy'

/** A client's certificate, verified by whoever owns the socket. */
export interface ClientCertificate {
  readonly der: Uint8Array
  /** Those that count now: none where its authority has been taken away since. */
  readonly signedBy: readonly ClientAuthority[]
}

/** What all requests of one connection share: one object for the connection's life, so that it may key a WeakMap. */
export interface Connection {
  /** Empty for the in-process transport. */
  readonly remoteAddress: string
  /** Present where the client showed one that an authority has signed. */
  readonly clientCertificate?: ClientCertificate
  /** Why the certificate that it showed does not count: it then may not pass as anonymous. */
  readonly certificateError?: string
  /** The in-process transport's own user: authentication takes it as it is. */
  readonly user?: UserInfo
}

/** Bytes as they came in, or an object from the same process that nobody mutates from now on. */
export type RequestBody =
  | {
      readonly type: 'bytes'
      readonly bytes: Uint8Array
      /** What they say as YAML, where the front has read that elsewhere because there are so many. Throws DecodeError. */
      readonly yaml?: () => ParsedBody
    }
  | { readonly type: 'object'; readonly object: unknown }

/** What a front (HTTP, in-process) knows of a request. Implemented once for each front; all members may be lazy. */
export interface RequestSource {
  readonly connection: Connection
  /** True: answers are objects and events (`ObjectResponse`, `EventsResponse`), never encoded. */
  readonly wantsObjects: boolean
  /** By lower-case name; several values come joined with `, `. */
  header(name: string): string | undefined
  /** All header names in lower case. */
  headerNames(): readonly string[]
  /** Whether a header's name, in lower case, begins so. */
  hasHeaderLike(prefix: string): boolean
  /** The values of a header that was sent several times, one by one. */
  headerValues(name: string): readonly string[]
  /** Reads the body whole; at most once. Throws StatusError RequestEntityTooLarge above the limit. Empty bytes when there is none. No promise where the body is there already. */
  readBody(): RequestBody | Promise<RequestBody>
  /** Aborts when the client goes away. Made on first use. */
  readonly signal: AbortSignal
}

export interface RequestOptions {
  /** Upper case: `GET`. */
  readonly method: string
  /** Absolute, percent-decoded, without query. */
  readonly path: string
  readonly query: Query
  readonly source: RequestSource
  /** `host.monotonicMs()` when its head had arrived. */
  readonly startedMs: number
}

/** What auditors of slow requests are told the time of, as upstream names it. */
export type LatencyStage =
  | 'authentication'
  | 'authorization'
  | 'impersonation'
  | 'apf-queue-wait'
  | 'mutating-webhook'
  | 'validating-webhook'
  | 'etcd'

/** Those whose parts run side by side: the longest counts. */
const parallelStages: ReadonlySet<LatencyStage> = new Set([
  'authorization',
  'apf-queue-wait',
  'validating-webhook',
])

/** What auditors are told of a request on its way; none of them changes what it is shown. */
export interface RequestAudit {
  /** True: what was sent is wanted. */
  readonly wantsSent: boolean
  /** True: the object of the answer is wanted. */
  readonly wantsAnswer: boolean
  /** The request's object, with its defaults. */
  sent(object: unknown): void
  /** A patch: its bytes, or what they say. */
  sentPatch(patch: unknown): void
  /** `constraint`: the mode that allowed it; '' for the legacy one. */
  impersonated(user: UserInfo, constraint: string): void
  /** The answer's object, which the bytes that go out may not show as JSON. */
  answered(object: unknown): void
}

const unknownInfo: RequestInfo = {
  isResourceRequest: false,
  path: '',
  verb: '',
  apiPrefix: '',
  group: '',
  version: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  parts: [],
}

const nothing: readonly string[] = []
const noAnnotations: ReadonlyMap<string, string> = new Map()
const noLatencies: ReadonlyMap<LatencyStage, number> = new Map()

/** A request on its way through the chain. Filters fill `info` and `user`; everything else stays as it came. */
export class ServerRequest {
  readonly method: string
  readonly path: string
  readonly query: Query
  readonly source: RequestSource
  readonly startedMs: number
  /** Set by the first filter. */
  info: RequestInfo = unknownInfo
  /** Set by authentication, replaced by impersonation. */
  user: UserInfo | undefined = undefined
  /** Headers (in lower case) that said who asks: nobody is told of them. */
  identityHeaders: readonly string[] = nothing
  /** Which flow schema and priority level took it: what the answer says in its headers. */
  flowHeaders: Headers | undefined = undefined
  /** Present while it is audited. */
  audit: RequestAudit | undefined = undefined
  /** Under which it is audited, and which the answer says. */
  auditId: string | undefined = undefined
  /** Set once the body has been read: so large that each stage of its work gets a turn of its own. */
  isLarge = false
  /** Of its body, once that has been read; undefined for what came from the same process. */
  bodyBytes: number | undefined = undefined
  /** A route of the API has taken it: only such requests are counted, so that nobody makes up what is counted. */
  isRouted = false
  /** `host.monotonicMs()` when the filter took it over that has it now, of those that are timed. */
  filterStartedMs = 0
  #warnings: string[] | undefined = undefined
  /** Keys and values in turn: hardly anybody reads them. */
  #annotations: string[] | undefined = undefined
  #latencies: Map<LatencyStage, number> | undefined = undefined

  constructor(options: RequestOptions) {
    this.method = options.method
    this.path = options.path
    this.query = options.query
    this.source = options.source
    this.startedMs = options.startedMs
  }

  /** By lower-case name. */
  header(name: string): string | undefined {
    return this.source.header(name)
  }

  get signal(): AbortSignal {
    return this.source.signal
  }

  /** Adds a `Warning: 299` header to the answer; the same text once. */
  warn(text: string): void {
    this.#warnings ??= []
    if (!this.#warnings.includes(text)) this.#warnings.push(text)
  }

  get warnings(): readonly string[] {
    return this.#warnings ?? nothing
  }

  /** For auditors: a stage has taken so long. */
  took(stage: LatencyStage, ms: number): void {
    this.#latencies ??= new Map()
    const before = this.#latencies.get(stage) ?? 0
    this.#latencies.set(stage, parallelStages.has(stage) ? Math.max(before, ms) : before + ms)
  }

  /** In milliseconds, of the stages that are known. */
  get latencies(): ReadonlyMap<LatencyStage, number> {
    return this.#latencies ?? noLatencies
  }

  /** An audit annotation; the first value of a key stays. */
  annotate(key: string, value: string): void {
    this.#annotations ??= []
    this.#annotations.push(key, value)
  }

  get annotations(): ReadonlyMap<string, string> {
    const pairs = this.#annotations
    if (pairs === undefined) return noAnnotations
    const annotations = new Map<string, string>()
    for (let at = 0; at < pairs.length; at += 2) {
      const key = pairs[at] ?? ''
      if (!annotations.has(key)) annotations.set(key, pairs[at + 1] ?? '')
    }
    return annotations
  }
}
