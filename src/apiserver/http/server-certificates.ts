import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate, TLSSocket } from 'node:tls'
import type { Counter, Metrics } from '../../base/metrics.ts'
import type { CertificateFlaw } from '../connect/certificate-flaw.ts'

/** A server is not whom its certificate names. The message is Go's. */
class NameMismatch extends Error {
  override readonly name = 'NameMismatch'
  readonly flaw: CertificateFlaw | undefined

  constructor(message: string, flaw?: CertificateFlaw) {
    super(message)
    this.flaw = flaw
  }
}

/** Go shows no more names than that. */
const maxNames = 100

function mismatch(host: string, alternatives: string): NameMismatch {
  const isAddress = isIP(host) !== 0
  const prefix = isAddress ? 'IP Address:' : 'DNS:'
  const names = alternatives
    .split(', ')
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
  if (isAddress && names.length === 0)
    return new NameMismatch(
      `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`,
    )
  if (names.length === 0)
    return new NameMismatch(`x509: certificate is not valid for any names, but wanted to match ${host}`)
  if (names.length >= maxNames) {
    const sort = isAddress ? 'IP SANs' : 'names'
    return new NameMismatch(
      `x509: certificate is valid for ${names.length} ${sort}, but none matched ${host}`,
    )
  }
  return new NameMismatch(`x509: certificate is valid for ${names.join(', ')}, not ${host}`)
}

/** As Go's verifier: names count where the certificate has them as alternatives, never as its subject's common name. */
export function checkServerName(host: string, certificate: PeerCertificate): Error | undefined {
  const { subjectaltname: alternatives } = certificate
  const isNamed = checkServerIdentity(host, certificate) === undefined
  if (alternatives === undefined) {
    const why = 'x509: certificate relies on legacy Common Name field, use SANs instead'
    return isNamed && isIP(host) === 0 ? new NameMismatch(why, 'missing-san') : mismatch(host, '')
  }
  const isByName = isIP(host) !== 0 || alternatives.includes('DNS:')
  return isNamed && isByName ? undefined : mismatch(host, alternatives)
}

/** OpenSSL tells this one only by its text. */
const isWeakDigest = ({ message }: Error): boolean => message === 'CA signature digest algorithm too weak'

/** Why a server's certificate is not trusted, in Go's words; undefined for errors of another sort. */
export function certificateComplaint(error: Error): string | undefined {
  if (error instanceof NameMismatch) return error.message
  if (!isWeakDigest(error)) return undefined
  return 'x509: certificate signed by unknown authority (possibly because of "x509: cannot verify signature: insecure algorithm SHA1")'
}

const sha1 = /^(?:sha1WithRSA|ecdsa-with-SHA1)/i

/** A root's own signature protects nothing. */
function isSignedBySha1(leaf: X509Certificate): boolean {
  for (
    let link: X509Certificate | undefined = leaf;
    link !== undefined && link.subject !== link.issuer;
    link = link.issuerCertificate
  )
    if (sha1.test(link.signatureAlgorithm ?? '')) return true
  return false
}

function flawsOf(certificate: X509Certificate): readonly CertificateFlaw[] {
  const flaws: CertificateFlaw[] = []
  if (certificate.subjectAltName === undefined) flaws.push('missing-san')
  if (isSignedBySha1(certificate)) flaws.push('insecure-sha1')
  return flaws
}

const help: Readonly<Record<CertificateFlaw, string>> = {
  'missing-san':
    'Counts the number of requests to servers missing SAN extension in their serving certificate OR the number of connection failures due to the lack of x509 certificate SAN extension missing (either/or, based on the runtime environment)',
  'insecure-sha1':
    'Counts the number of requests to servers with insecure SHA1 signatures in their serving certificate OR the number of connection failures due to the insecure SHA1 signatures (either/or, based on the runtime environment)',
}

/** Upstream's counts of servers that webhooks (`webhooks`) or extensions (`kube_aggregator`) run on and whose certificates are out of date. */
export class CertificateFlaws {
  readonly #counters: Readonly<Record<CertificateFlaw, Counter>>
  /** Of connections whose server is believed whatever it shows: found out once for each. */
  readonly #known = new WeakMap<TLSSocket, readonly CertificateFlaw[]>()

  constructor(metrics: Metrics, subsystem: 'webhooks' | 'kube_aggregator') {
    const counter = (flaw: CertificateFlaw): Counter =>
      metrics.counter({
        name: `apiserver_${subsystem}_x509_${flaw.replace('-', '_')}_total`,
        help: help[flaw],
      })
    this.#counters = {
      'missing-san': counter('missing-san'),
      'insecure-sha1': counter('insecure-sha1'),
    }
  }

  /** Counts the flaw that a connection failed by, if it is one, and gives it. */
  failed(error: Error): readonly CertificateFlaw[] {
    const flaw = error instanceof NameMismatch ? error.flaw : isWeakDigest(error) && 'insecure-sha1'
    if (!flaw) return []
    this.#counters[flaw].inc()
    return [flaw]
  }

  /** Counts the flaws of who has answered, and gives them. A verified connection has none. */
  answered(socket: unknown): readonly CertificateFlaw[] {
    if (!(socket instanceof TLSSocket) || socket.authorized) return []
    const known = this.#known.get(socket)
    const certificate = known === undefined ? socket.getPeerX509Certificate() : undefined
    const flaws = known ?? (certificate === undefined ? [] : flawsOf(certificate))
    this.#known.set(socket, flaws)
    for (const flaw of flaws) this.#counters[flaw].inc()
    return flaws
  }
}
