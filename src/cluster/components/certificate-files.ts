import { defined } from '../../base/defined.ts'
import type { CertificateFiles, NamedPairFiles } from '../access/follow-certificates.ts'

interface CertificateFlags {
  readonly 'tls-cert-file'?: string | undefined
  readonly 'tls-private-key-file'?: string | undefined
  readonly 'tls-sni-cert-key': readonly NamedPairFiles[]
  readonly 'client-ca-file'?: string | undefined
  readonly 'requestheader-client-ca-file'?: string | undefined
}

/** Files that are followed while they change. */
export function certificateFiles(flags: CertificateFlags): CertificateFiles {
  const [certificate, key] = [flags['tls-cert-file'], flags['tls-private-key-file']]
  return defined({
    serving: certificate === undefined || key === undefined ? undefined : { certificate, key },
    named: flags['tls-sni-cert-key'],
    client: flags['client-ca-file'],
    frontProxy: flags['requestheader-client-ca-file'],
  })
}
