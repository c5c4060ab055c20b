import { hex } from '../../base/hex.ts'
import type { Host } from '../../base/host.ts'
import type { ServerRequest } from '../request.ts'
import type { BytesResponse, Headers, ServerResponse } from '../response.ts'
import { plainError } from '../routing.ts'
import { type ByteRange, readRanges } from './byte-ranges.ts'
import { preconditionOf } from './preconditions.ts'

/** A document, as it is at present. */
export interface Content {
  readonly contentType: string
  /** True: the type is told only with bytes of the document. */
  readonly isTypeImplied?: boolean
  /** With quotes; '' where there is none. */
  readonly etag: string
  readonly changedMs: number
  readonly headers: Headers
  /** Asked for only where something of it is sent. */
  bytes(): Promise<Uint8Array>
}

const boundaryBytes = 30
const encoder = new TextEncoder()

const rangeText = ({ start, length }: ByteRange, size: number): string =>
  `bytes ${start}-${start + length - 1}/${size}`

const empty = (status: number, headers: Headers, contentType = ''): BytesResponse => ({
  ...{ type: 'bytes', status, contentType, headers },
  chunks: [],
})

/** Answers as Go's `http.ServeContent`: conditions of the client's, then what it wants of the bytes (RFC 9110 §13, §14). */
export async function serveContent(
  host: Host,
  request: ServerRequest,
  content: Content,
): Promise<ServerResponse> {
  const { contentType, etag, changedMs, headers } = content
  const changed = { 'last-modified': new Date(changedMs).toUTCString() }
  const versions = { ...headers, ...changed, ...(etag === '' ? {} : { etag }) }
  const condition = preconditionOf(request, etag, changedMs)
  if (condition.status === 304) return empty(304, { ...headers, ...(etag === '' ? changed : { etag }) })
  if (condition.status === 412) return empty(412, versions, content.isTypeImplied === true ? '' : contentType)
  const bytes = await content.bytes()
  const wanted = condition.wantsRange ? readRanges(request.header('range') ?? '', bytes.length) : []
  if (typeof wanted === 'string') {
    const size = wanted === 'invalid range' ? {} : { 'content-range': `bytes */${bytes.length}` }
    return plainError(wanted, 416, { ...headers, ...size })
  }
  const all = { ...versions, 'accept-ranges': 'bytes' }
  const [first] = wanted
  if (first === undefined) return { type: 'bytes', status: 200, contentType, headers: all, chunks: [bytes] }
  const part = ({ start, length }: ByteRange): Uint8Array => bytes.subarray(start, start + length)
  if (wanted.length === 1) {
    const range = { ...all, 'content-range': rangeText(first, bytes.length) }
    return { type: 'bytes', status: 206, contentType, headers: range, chunks: [part(first)] }
  }
  const boundary = hex(host.randomBytes(boundaryBytes))
  const chunks = wanted.flatMap((range, index) => {
    const about = `Content-Range: ${rangeText(range, bytes.length)}\r\nContent-Type: ${contentType}\r\n\r\n`
    return [encoder.encode(`${index === 0 ? '' : '\r\n'}--${boundary}\r\n${about}`), part(range)]
  })
  const type = `multipart/byteranges; boundary=${boundary}`
  const end = encoder.encode(`\r\n--${boundary}--\r\n`)
  return { type: 'bytes', status: 206, contentType: type, headers: all, chunks: [...chunks, end] }
}
