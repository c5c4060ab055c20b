export interface OutsideRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** JSON. */
  readonly body?: string
  /** Of the Authorization header, instead of the caller's own. */
  readonly bearerToken?: string
  readonly signal: AbortSignal
}

export interface OutsideAnswer {
  readonly status: number
  /** By its name in lower case. */
  header(name: string): string | undefined
  readonly text: string
}

/** How a server is known, and what it is shown. Certificates and keys are PEM. */
export interface OutsideTrust {
  /** Absent: the system's authorities. */
  readonly certificateAuthority?: string
  readonly clientCertificate?: string
  readonly clientKey?: string
  readonly token?: string | (() => string)
  readonly tlsServerName?: string
  readonly insecureSkipTlsVerify?: boolean
}

/** Rejects with an Error in Go's words for what cannot be reached or is not whom it should be; `code` ECONNRESET for a connection that was broken. */
export interface OutsideCaller {
  call(request: OutsideRequest): Promise<OutsideAnswer>
  close(): void
}

export type OpenCaller = (trust: OutsideTrust) => OutsideCaller
