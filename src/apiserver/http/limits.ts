/** What one client may ask for; upstream's defaults. */
export interface HttpLimits {
  /** `MaxRequestBodyBytes` */
  readonly maxBodyBytes: number
  /** `http.DefaultMaxHeaderBytes` */
  readonly maxHeaderBytes: number
  /** `--http2-max-streams-per-connection`'s default */
  readonly maxStreamsPerConnection: number
  /** Until a TLS handshake, or an HTTP/1.1 request's head, is complete (`ReadHeaderTimeout`). */
  readonly headTimeoutMs: number
  /** An HTTP/1.1 connection without a request, or an HTTP/2 one without streams, is closed after it (`IdleTimeout`). */
  readonly idleTimeoutMs: number
}

export const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 3 * 1024 * 1024,
  maxHeaderBytes: 1024 * 1024,
  maxStreamsPerConnection: 250,
  headTimeoutMs: 32_000,
  idleTimeoutMs: 90_000,
}
