import type { UpgradedStream } from '../../base/byte-sink.ts'
import type { CertificateFlaw } from './certificate-flaw.ts'

/** How a server of an extension proves who it is, and what it is shown. */
export interface ServiceTrust {
  /** What its certificate must be for: `metrics-server.kube-system.svc`. */
  readonly serverName: string
  /** PEM; absent: the system's authorities. */
  readonly authorityPem: string | undefined
  /** False: whoever answers is believed. */
  readonly verify: boolean
  /** The certificate that it is shown: the front proxy's, none, or this one (PEM). */
  readonly client: 'front-proxy' | 'none' | { readonly certificatePem: string; readonly keyPem: string }
}

/** Who is talked to: a kubelet, a pod or a service's endpoint. */
export interface BackendAddress {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** `kubelet`: with the server's client certificate, verified; `kubelet-unverified`: as the client asked; `none`: anything goes, as upstream's proxy transport. */
  readonly trust: 'kubelet' | 'kubelet-unverified' | 'none' | ServiceTrust
}

export type BackendHeaders = readonly (readonly [name: string, value: string])[]

export interface BackendRequest {
  readonly address: BackendAddress
  readonly method: string
  /** With query. */
  readonly target: string
  readonly headers: BackendHeaders
  readonly body?: Uint8Array
  readonly signal: AbortSignal
  /** Told what is out of date in the certificate that an extension's server shows. */
  readonly flawed?: (flaw: CertificateFlaw) => void
}

export interface BackendResponse {
  readonly status: number
  readonly headers: BackendHeaders
  readonly body: AsyncIterable<Uint8Array>
}

/** What a request to leave HTTP came to. */
export type UpgradeOutcome =
  | { readonly type: 'upgraded'; readonly headers: BackendHeaders; readonly stream: UpgradedStream }
  | { readonly type: 'refused'; readonly response: BackendResponse }

/** The server's way to kubelets and pods, made by whoever has sockets. Rejects with an Error whose message says what failed. */
export interface BackendConnector {
  request(request: BackendRequest): Promise<BackendResponse>
  upgrade(request: BackendRequest): Promise<UpgradeOutcome>
}
