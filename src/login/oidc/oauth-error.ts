import { type ServerResponse, textResponse } from '../../apiserver/response.ts'

/** Codes of RFC 6749 and OpenID Connect Core. */
export type OauthCode =
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'login_required'
  | 'slow_down'
  | 'temporarily_unavailable'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'

/** A request that is refused, in words for whoever wrote the client. */
export class OauthError extends Error {
  override readonly name = 'OauthError'
  readonly code: OauthCode
  readonly retryAfterSeconds: number | undefined

  constructor(code: OauthCode, description: string, retryAfterSeconds?: number) {
    super(description)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

const statuses: Partial<Record<OauthCode, number>> = {
  invalid_client: 401,
  slow_down: 429,
  temporarily_unavailable: 503,
}

/** Nothing of a login is kept by whoever it passes. */
export const notKept = { 'cache-control': 'no-store', pragma: 'no-cache' }

/** RFC 6749 §5.2 */
export function errorResponse({ code, message, retryAfterSeconds }: OauthError): ServerResponse {
  const text = JSON.stringify({ error: code, error_description: message })
  return textResponse(text, statuses[code] ?? 400, 'application/json', {
    ...notKept,
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  })
}
