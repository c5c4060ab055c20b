import type { SecureVersion } from 'node:tls'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Handler } from '../filter.ts'
import type { ClientAuthorities } from './connections.ts'
import type { HttpLimits } from './limits.ts'
import type { NamedCertificate } from './named-certificates.ts'

/** What a server shows, and whose client certificates count; without authorities none is asked for. */
export interface ServerCertificates {
  readonly certificatePem: string
  readonly keyPem: string
  readonly clientAuthorities?: ClientAuthorities
  /** For clients that ask for one of their names; there are some from the start, or never. */
  readonly named?: readonly NamedCertificate[]
}

export interface HttpServerOptions extends ServerCertificates {
  readonly host: Host
  readonly logger: Logger
  /** The whole chain. */
  readonly handler: Handler
  readonly address: string
  /** 0: any free one. */
  readonly port: number
  readonly limits?: Partial<HttpLimits>
  /** Node's defaults where absent; `ciphers` is a list as OpenSSL has it. */
  readonly tls?: {
    readonly minVersion?: SecureVersion
    readonly ciphers?: string
    /** Groups for key exchange, as OpenSSL lists them. */
    readonly ecdhCurve?: string
  }
  /** Of every answer, in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** The part of requests whose HTTP/2 connection is asked to end, so that clients spread anew over several servers. */
  readonly goAwayChance?: number
  /** False: HTTP/1.1 alone. */
  readonly http2?: boolean
  /** Called before anything of answers leaves. */
  readonly beforeSending?: (() => void) | undefined
  /** Others may listen on the same port. */
  readonly sharesPort?: boolean
}

export interface HttpServer {
  readonly address: string
  readonly port: number
  /** For connections that come from now on; whose clients count changes for open ones as well. Throws for what is no certificate with its key. */
  replaceCertificates(certificates: ServerCertificates): void
  /** From now on everyone is sent elsewhere, but for who asks how the server is. */
  refuse(): void
  /** Resolves when no request is under way but watches and the like, or after `limitMs`. */
  whenIdle(limitMs: number): Promise<void>
  /** Takes no more connections or requests, ends watches, gives other requests under way `graceMs`, then breaks what is left. */
  close(graceMs: number): Promise<void>
}
