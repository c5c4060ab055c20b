import { X509Certificate } from 'node:crypto'
import { isIP, type Socket } from 'node:net'
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import { assert } from '../../base/assert.ts'

/** A certificate for those who ask for one of some names. */
export interface NamedCertificate {
  readonly certificatePem: string
  readonly keyPem: string
  /** Names, `*.example.com`, addresses; none: those in the certificate. */
  readonly names: readonly string[]
}

interface Shown {
  readonly certificate: X509Certificate
  readonly pair: { readonly cert: string; readonly key: string }
  readonly context: SecureContext
}

function shown(options: SecureContextOptions, certificatePem: string, keyPem: string): Shown {
  const pair = { cert: certificatePem, key: keyPem }
  const context = createSecureContext({ ...options, ...pair })
  return { certificate: new X509Certificate(certificatePem), pair, context }
}

/** Its common name, where that can be one, and its DNS names: addresses are never asked for by name. */
function namesIn({ subject, subjectAltName = '' }: X509Certificate): readonly string[] {
  const common = /^CN=(.*)$/m.exec(subject)?.[1] ?? ''
  const plain = common.replace(/^\*\./, '')
  const isName = common === '*' || (isIP(common) === 0 && isDns1123Subdomain(plain).length === 0)
  const others = [...subjectAltName.matchAll(/(?:^|, )DNS:([^,]+)/g)].map(([, name = '']) => name)
  return [...(isName ? [common] : []), ...others]
}

/** Which certificate a client gets to see, as Go and upstream choose it: names that were given go before those in certificates. */
class Choice {
  readonly #serving: Shown
  readonly #all: readonly Shown[]
  readonly byName: ReadonlyMap<string, Shown>

  constructor({ options, certificatePem, keyPem, named }: NamedTls) {
    const each = named.map((one) => ({ one, made: shown(options, one.certificatePem, one.keyPem) }))
    this.#serving = shown(options, certificatePem, keyPem)
    this.#all = [this.#serving, ...each.map(({ made }) => made)]
    // The first with a name has it.
    const backwards = each.toReversed()
    this.byName = new Map([
      ...backwards.flatMap(({ one, made }) =>
        one.names.length > 0 ? [] : namesIn(made.certificate).map((name) => [name, made] as const),
      ),
      ...backwards.flatMap(({ one, made }) => one.names.map((name) => [name, made] as const)),
    ])
  }

  of(serverName: string): Shown {
    const name = serverName.toLowerCase()
    const exact = this.byName.get(name) ?? this.byName.get(name.replace(/^[^.]*/, '*'))
    return exact ?? this.#all.find(({ certificate }) => certificate.checkHost(name)) ?? this.#serving
  }
}

/** What a server with certificates for several names shows; `options` is the rest of its TLS. */
export interface NamedTls {
  readonly options: TlsOptions
  readonly certificatePem: string
  readonly keyPem: string
  readonly named: readonly NamedCertificate[]
}

/** Shows a server's clients the certificate of the name that they ask for (SNI) or, without one, of the address they came to. */
export class NamedCertificates {
  readonly #onSocket: (socket: TLSSocket) => void
  #choice: Choice
  #byAddress: ReadonlyMap<string, Server>

  /** Throws for what is no certificate with its key. */
  constructor(tls: NamedTls, onSocket: (socket: TLSSocket) => void) {
    this.#onSocket = onSocket
    this.#choice = new Choice(tls)
    this.#byAddress = this.#servers(tls.options)
  }

  replace(tls: NamedTls): void {
    this.#choice = new Choice(tls)
    this.#byAddress = this.#servers(tls.options)
  }

  readonly choose: NonNullable<TlsOptions['SNICallback']> = (name, done) => {
    done(null, this.#choice.of(name).context)
  }

  /** Takes over what a server does with a new connection: which address it is for is known only there. */
  attach(server: Server): void {
    const [serve] = server.listeners('connection')
    assert(serve !== undefined, 'a TLS server without a listener for connections')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      const address = socket.localAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? ''
      const own = this.#byAddress.get(address)
      if (own === undefined) serve.call(server, socket)
      else own.emit('connection', socket)
    })
  }

  /** None of them listens: they are given the connections to their address. */
  #servers(options: TlsOptions): ReadonlyMap<string, Server> {
    const addresses = [...this.#choice.byName].filter(([name]) => isIP(name) !== 0)
    return new Map(
      addresses.map(([name, { pair }]) => [
        name,
        createServer({ ...options, ...pair, SNICallback: this.choose }, this.#onSocket),
      ]),
    )
  }
}
