import { certificateComplaint } from './server-certificates.ts'

const dialFailures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

const unknownAuthority = 'certificate signed by unknown authority'
const trustFailures: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
}

/** Clients know Go's words for what cannot be reached, or is not whom it should be. */
export function inGoWords(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
): Error {
  const code = error.code ?? ''
  const known = trustFailures[code]
  const distrust = certificateComplaint(error) ?? (known === undefined ? undefined : `x509: ${known}`)
  if (distrust !== undefined) return new Error(`tls: failed to verify certificate: ${distrust}`)
  if (code === 'ENOTFOUND') return new Error(`dial tcp: lookup ${host}: no such host`)
  const dial = dialFailures[code]
  return dial === undefined ? error : new Error(`dial tcp ${host}:${port}: ${dial}`)
}
