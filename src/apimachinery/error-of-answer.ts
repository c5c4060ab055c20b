import type { Status } from './meta.ts'
import { StatusError, type StatusReason, statusError } from './status-error.ts'

/** Reasons for answers without a Status, by their code: proxies and load balancers send such. */
const reasons: Readonly<Record<number, readonly [reason: StatusReason, message: string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  409: ['Conflict', 'the server reported a conflict'],
  410: ['Gone', 'the server says that the requested resource is gone'],
  413: ['RequestEntityTooLarge', 'the request entity is too large'],
  415: ['UnsupportedMediaType', 'the body of the request was in an unknown format'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
}

const isStatus = (value: unknown): value is Status =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status'

/** Texts are shown to whoever asked, other contents are not. */
const isText = (contentType: string): boolean => contentType === '' || contentType.startsWith('text/')

/** What an answer of 400 and above says; `contentType` '' where it says none. */
export function errorOfAnswer(code: number, text: string, contentType = ''): StatusError {
  try {
    const body: unknown = JSON.parse(text)
    if (isStatus(body)) return new StatusError({ ...body, code: body.code ?? code })
  } catch {
    // No Status: its text is told below.
  }
  const known = reasons[code]
  if (code === 403) return statusError('Forbidden', text.trim() || 'forbidden', undefined, code)
  if (known !== undefined) return statusError(known[0], known[1], undefined, code)
  const shown = isText(contentType) ? text.slice(0, 2_048) : 'unknown'
  const message = `an error on the server (${JSON.stringify(shown)}) has prevented the request from succeeding`
  return statusError(code >= 500 ? 'InternalError' : 'Unknown', message, undefined, code)
}
