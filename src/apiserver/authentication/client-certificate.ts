import { hex } from '../../base/hex.ts'
import type { Host } from '../../base/host.ts'
import type { HistogramSeries, Metrics } from '../../base/metrics.ts'
import type { Authentication, Authenticator } from '../authenticator.ts'
import type { Connection, ServerRequest, UserInfo } from '../request.ts'
import { AuthenticationError } from './authentication-error.ts'
import { type CertificateIdentity, certificateIdentity } from './certificate-subject.ts'
import { withAuthenticatedGroup } from './groups.ts'
import { credentialIdKey } from './users.ts'

const unknownAuthority = (): AuthenticationError =>
  new AuthenticationError('verifying certificate failed: x509: certificate signed by unknown authority')

const hour = 3600
const day = 24 * hour

/** Upstream's, in seconds. */
const remainingBuckets = [
  ...[0, hour / 2, hour, 2 * hour, 6 * hour, 12 * hour],
  ...[1, 2, 4, 7, 30, 90, 180, 360].map((days) => days * day),
]

interface Known {
  readonly identity: CertificateIdentity
  readonly authentication: Authentication | undefined
}

/**
 * Client certificates: the common name is the user, organizations are groups
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates). The front has
 * verified the certificate at the handshake; a connection's user is worked out once.
 */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly name = 'x509'
  readonly #host: Host
  readonly #known = new WeakMap<Connection, Known>()
  readonly #remaining: HistogramSeries | undefined

  /** `metrics` absent: nobody measures it. */
  constructor(host: Host, metrics?: Metrics) {
    this.#host = host
    this.#remaining = metrics
      ?.histogram({
        name: 'apiserver_client_certificate_expiration_seconds',
        help: 'Distribution of the remaining lifetime on the certificate used to authenticate a request.',
        buckets: remainingBuckets,
      })
      .with([])
  }

  authenticate(request: ServerRequest): Authentication | undefined {
    const { connection } = request.source
    if (connection.certificateError !== undefined) {
      throw new AuthenticationError(`verifying certificate failed: ${connection.certificateError}`)
    }
    if (connection.clientCertificate === undefined) return undefined
    if (!connection.clientCertificate.signedBy.includes('client')) throw unknownAuthority()
    const { identity, authentication } = this.#known.get(connection) ?? this.#learn(connection)
    const now = this.#host.now()
    // It may have expired since the handshake.
    if (now > identity.notAfterMs || now < identity.notBeforeMs) {
      throw new AuthenticationError(
        'verifying certificate failed: x509: certificate has expired or is not yet valid',
      )
    }
    this.#remaining?.observe((identity.notAfterMs - now) / 1000)
    return authentication
  }

  #learn(connection: Connection): Known {
    const der = connection.clientCertificate?.der ?? new Uint8Array()
    const identity = certificateIdentity(der)
    const known = { identity, authentication: this.#authentication(identity, der) }
    this.#known.set(connection, known)
    return known
  }

  #authentication(identity: CertificateIdentity, der: Uint8Array): Authentication | undefined {
    if (identity.commonName === '') return undefined
    const user: UserInfo = {
      name: identity.commonName,
      ...(identity.uid === undefined ? {} : { uid: identity.uid }),
      groups: identity.organizations,
      extra: { [credentialIdKey]: [`X509SHA256=${hex(this.#host.sha256(der))}`] },
    }
    return { user: withAuthenticatedGroup(user) }
  }
}
