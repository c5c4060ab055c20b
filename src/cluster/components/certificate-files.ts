import { defined } from '../../base/defined.ts'
import type { CertificateFiles, NamedPairFiles, PairFiles } from '../access/follow-certificates.ts'

interface CertificateFlags {
  readonly 'tls-cert-file'?: string | undefined
  readonly 'tls-private-key-file'?: string | undefined
  readonly 'tls-sni-cert-key': readonly NamedPairFiles[]
  readonly 'client-ca-file'?: string | undefined
  readonly 'requestheader-client-ca-file'?: string | undefined
  /** Of an API server: what it shows to kubelets and extension API servers. */
  readonly 'kubelet-client-certificate'?: string | undefined
  readonly 'kubelet-client-key'?: string | undefined
  readonly 'proxy-client-cert-file'?: string | undefined
  readonly 'proxy-client-key-file'?: string | undefined
}

const pair = (certificate: string | undefined, key: string | undefined): PairFiles | undefined =>
  certificate === undefined || key === undefined ? undefined : { certificate, key }

/** Files that are followed while they change. */
export function certificateFiles(flags: CertificateFlags): CertificateFiles {
  return defined({
    serving: pair(flags['tls-cert-file'], flags['tls-private-key-file']),
    kubeletClient: pair(flags['kubelet-client-certificate'], flags['kubelet-client-key']),
    frontProxyClient: pair(flags['proxy-client-cert-file'], flags['proxy-client-key-file']),
    named: flags['tls-sni-cert-key'],
    client: flags['client-ca-file'],
    frontProxy: flags['requestheader-client-ca-file'],
  })
}
