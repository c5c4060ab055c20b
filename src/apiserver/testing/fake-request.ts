import { Query } from '../query.ts'
import { type Connection, type RequestBody, ServerRequest, type UserInfo } from '../request.ts'

export interface FakeRequestOptions {
  readonly method?: string
  /** With query: `/api/v1/pods?watch=true`. */
  readonly target?: string
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly connection?: Connection
  /** Bytes as they are, anything else as an object of the same process. */
  readonly body?: unknown
  readonly user?: UserInfo
  readonly startedMs?: number
  /** From the server's own process. */
  readonly wantsObjects?: boolean
}

/** A request as a front makes it, for tests of filters and endpoints. */
export function fakeRequest(options: FakeRequestOptions = {}): ServerRequest {
  const [path = '/', query = ''] = (options.target ?? '/').split('?')
  const { headers = {} } = options
  const values = (name: string): readonly string[] => [headers[name] ?? []].flat()
  const body: RequestBody =
    options.body instanceof Uint8Array
      ? { type: 'bytes', bytes: options.body }
      : { type: 'object', object: options.body }
  const request = new ServerRequest({
    method: options.method ?? 'GET',
    path,
    query: Query.parse(query),
    startedMs: options.startedMs ?? 0,
    source: {
      connection: options.connection ?? { remoteAddress: '127.0.0.1' },
      wantsObjects: options.wantsObjects ?? false,
      header: (name) => (headers[name] === undefined ? undefined : values(name).join(', ')),
      headerNames: () => Object.keys(headers),
      hasHeaderLike: (prefix) => Object.keys(headers).some((name) => name.startsWith(prefix)),
      headerValues: values,
      readBody: async () => body,
      signal: new AbortController().signal,
    },
  })
  request.user = options.user
  return request
}
