import { randomUUID } from 'node:crypto'
import { assert } from '../../base/assert.ts'
import type { ServerRequest } from '../request.ts'
import type { BytesResponse, Headers, ServerResponse, StreamResponse } from '../response.ts'
import { DeferredSink } from './deferred-sink.ts'
import { acceptsGzip, gzipThresholdBytes, gzipWhole } from './gzip.ts'
import type { Http1Context } from './http1-outgoing.ts'
import type { OpenSink, Outgoing, OutgoingHeaders } from './outgoing.ts'
import { warningHeaders } from './warning-headers.ts'

/** What all responses of a server share. */
export interface ResponseContext extends Http1Context {
  /** Open responses that end only when somebody ends them. */
  readonly watches: Set<OpenSink>
  /** Of every one, in lower case. */
  readonly headers?: Headers | undefined
}

/** What every response has. The audit ID is the client's where it sent one. */
function commonHeaders(
  request: ServerRequest,
  contentType: string,
  headers: Headers | undefined,
  always: Headers | undefined,
): OutgoingHeaders {
  const all: OutgoingHeaders = {
    'audit-id': request.auditId ?? (request.header('audit-id') || randomUUID()),
    'cache-control': 'no-cache, private',
  }
  if (contentType !== '') all['content-type'] = contentType
  if (always !== undefined) for (const name in always) all[name] = always[name] ?? ''
  const { flowHeaders } = request
  if (flowHeaders !== undefined) for (const name in flowHeaders) all[name] = flowHeaders[name] ?? ''
  if (headers !== undefined) for (const name in headers) all[name.toLowerCase()] = headers[name] ?? ''
  if (request.warnings.length > 0) all.warning = warningHeaders(request.warnings)
  return all
}

/** The `vary` of an answer that is compressed for those who accept it. */
const withEncoding = (vary: OutgoingHeaders[string] = ''): string =>
  [...new Set(['Accept-Encoding', ...String(vary).split(', ')])].filter((name) => name !== '').join(', ')

function respondBytes(
  outgoing: Outgoing,
  request: ServerRequest,
  response: BytesResponse,
  always: Headers | undefined,
): void {
  const headers = commonHeaders(request, response.contentType, response.headers, always)
  let length = 0
  for (const chunk of response.chunks) length += chunk.length
  // A range is of the bytes as they are.
  const isEncoded = headers['content-encoding'] !== undefined || response.status === 206
  if (length > gzipThresholdBytes && !isEncoded && acceptsGzip(request)) {
    headers['content-encoding'] = 'gzip'
    headers.vary = withEncoding(headers.vary)
    if (request.method === 'HEAD') outgoing.send(response.status, headers, [], 0)
    else
      gzipWhole(response.chunks, length, (bytes) => {
        if (outgoing.closed) return
        if (bytes === undefined) outgoing.destroy()
        else outgoing.send(response.status, headers, [bytes], bytes.length)
      })
    return
  }
  if (response.status !== 204 && response.status !== 304) headers['content-length'] = String(length)
  if (request.method === 'HEAD') outgoing.send(response.status, headers, [], 0)
  else outgoing.send(response.status, headers, response.chunks, length)
}

function respondStream(
  outgoing: Outgoing,
  request: ServerRequest,
  response: StreamResponse,
  { batcher, watches, headers: always }: ResponseContext,
): void {
  const headers = commonHeaders(request, response.contentType, response.headers, always)
  if (!response.flushHead && acceptsGzip(request)) {
    response.start(new DeferredSink({ outgoing, status: response.status, headers, batcher }))
    return
  }
  outgoing.head(response.status, headers, response.flushHead)
  const sink = outgoing.sink()
  if (response.flushHead) {
    watches.add(sink)
    outgoing.onClose(() => watches.delete(sink))
  }
  response.start(sink)
}

/** Puts the chain's answer on the wire. An upgrade is answered elsewhere. */
export function respond(
  outgoing: Outgoing,
  request: ServerRequest,
  response: ServerResponse,
  context: ResponseContext,
): void {
  if (outgoing.closed) return
  switch (response.type) {
    case 'bytes':
      respondBytes(outgoing, request, response, context.headers)
      break
    case 'stream':
      respondStream(outgoing, request, response, context)
      break
    default:
      assert(false, `a response of type ${response.type} reached the HTTP front`)
  }
}
