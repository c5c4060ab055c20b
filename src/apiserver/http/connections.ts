import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ClientAuthority, Connection } from '../request.ts'

/** PEM of the authorities whose certificates count, one or several for each. */
export type ClientAuthorities = Partial<Readonly<Record<ClientAuthority, string>>>

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
/** From a client's certificate up to its authority's. */
const maxChain = 10

class Authority {
  readonly name: ClientAuthority
  readonly #certificates: readonly X509Certificate[]

  constructor(name: ClientAuthority, pem: string) {
    this.name = name
    this.#certificates = [...pem.matchAll(certificate)].map(([text]) => new X509Certificate(text))
  }

  /** Whether it has signed a certificate, or one of those between. */
  hasSigned(leaf: X509Certificate): boolean {
    let link: X509Certificate | undefined = leaf
    for (let length = 1; link !== undefined && length <= maxChain; length++) {
      const signed = link
      if (this.#certificates.some((each) => signed.checkIssued(each) && signed.verify(each.publicKey)))
        return true
      link = link.issuerCertificate
    }
    return false
  }
}

/** What handshakes find out, by connection: one object for a connection's life, whatever comes over it. */
export class Connections {
  readonly #known = new WeakMap<TLSSocket, Connection>()
  readonly #authorities: readonly Authority[]

  constructor({ client, 'front-proxy': frontProxy }: ClientAuthorities) {
    this.#authorities = [
      ...(client === undefined ? [] : [new Authority('client', client)]),
      ...(frontProxy === undefined ? [] : [new Authority('front-proxy', frontProxy)]),
    ]
  }

  of(socket: TLSSocket): Connection {
    const known = this.#known.get(socket)
    if (known !== undefined) return known
    const made = this.#learn(socket)
    this.#known.set(socket, made)
    return made
  }

  #learn(socket: TLSSocket): Connection {
    const remoteAddress = socket.remoteAddress ?? ''
    const shown = socket.getPeerX509Certificate()
    if (shown === undefined) return { remoteAddress }
    if (!socket.authorized) return { remoteAddress, certificateError: String(socket.authorizationError) }
    // It is good: where there is one authority only, it is that one's.
    const signers =
      this.#authorities.length === 1
        ? this.#authorities
        : this.#authorities.filter((authority) => authority.hasSigned(shown))
    return { remoteAddress, clientCertificate: { der: shown.raw, signedBy: signers.map(({ name }) => name) } }
  }
}
