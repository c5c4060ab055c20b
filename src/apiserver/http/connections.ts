import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ClientAuthority, ClientCertificate, Connection } from '../request.ts'

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

const authoritiesOf = ({ client, 'front-proxy': frontProxy }: ClientAuthorities): readonly Authority[] => [
  ...(client === undefined ? [] : [new Authority('client', client)]),
  ...(frontProxy === undefined ? [] : [new Authority('front-proxy', frontProxy)]),
]

/** What handshakes find out, by connection: one object for a connection's life, whatever comes over it. */
export class Connections {
  readonly #known = new WeakMap<TLSSocket, Connection>()
  #authorities: readonly Authority[]

  constructor(authorities: ClientAuthorities) {
    this.#authorities = authoritiesOf(authorities)
  }

  /** From now on these count, on connections that are open as well: who is taken away is believed no more. */
  replace(authorities: ClientAuthorities): void {
    this.#authorities = authoritiesOf(authorities)
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
    return { remoteAddress, clientCertificate: this.#certificateOf(shown) }
  }

  /** Who has signed it is worked out once, and again when other authorities count. */
  #certificateOf(shown: X509Certificate): ClientCertificate {
    let askedOf = this.#authorities
    // The handshake has found it good: where there is one authority only, it is that one's.
    let signedBy = askedOf.length === 1 ? namesOf(askedOf) : signersOf(shown, askedOf)
    const current = (): readonly ClientAuthority[] => {
      if (askedOf === this.#authorities) return signedBy
      askedOf = this.#authorities
      signedBy = signersOf(shown, askedOf)
      return signedBy
    }
    return {
      der: shown.raw,
      get signedBy() {
        return current()
      },
    }
  }
}

const namesOf = (authorities: readonly Authority[]): readonly ClientAuthority[] =>
  authorities.map(({ name }) => name)

const signersOf = (shown: X509Certificate, authorities: readonly Authority[]): readonly ClientAuthority[] =>
  namesOf(authorities.filter((authority) => authority.hasSigned(shown)))
