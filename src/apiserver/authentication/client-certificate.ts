import type { Host } from '../../base/host.ts'
import type { Authentication, Authenticator } from '../authenticator.ts'
import type { Connection, ServerRequest, UserInfo } from '../request.ts'
import { AuthenticationError } from './authentication-error.ts'
import { type CertificateIdentity, certificateIdentity } from './certificate-subject.ts'
import { withAuthenticatedGroup } from './groups.ts'
import { credentialIdKey } from './users.ts'

const unknownAuthority = (): AuthenticationError =>
  new AuthenticationError('verifying certificate failed: x509: certificate signed by unknown authority')

interface Known {
  readonly identity: CertificateIdentity
  readonly authentication: Authentication | undefined
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * Client certificates: the common name is the user, organizations are groups
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates). The front has
 * verified the certificate at the handshake; a connection's user is worked out once.
 */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly name = 'x509'
  readonly #host: Host
  readonly #known = new WeakMap<Connection, Known>()

  constructor(host: Host) {
    this.#host = host
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
