/** What Go once put up with in a server's certificate: no alternative names, or a signature by SHA-1. */
export type CertificateFlaw = 'missing-san' | 'insecure-sha1'

const reasons: Readonly<Record<CertificateFlaw, string>> = {
  'missing-san': 'relies on a legacy Common Name field instead of the SAN extension for subject validation',
  'insecure-sha1': 'uses an insecure SHA-1 signature',
}

/** The audit annotation of a request for a server whose certificate has a flaw. */
export const flawAnnotation = (
  flaw: CertificateFlaw,
  host: string,
): readonly [key: string, value: string] => [`${flaw}.invalid-cert.kubernetes.io/${host}`, reasons[flaw]]
