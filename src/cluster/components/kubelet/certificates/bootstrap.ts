import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { stringify } from 'yaml'
import { defined } from '../../../../base/defined.ts'
import { realHost } from '../../../../base/host/real-host.ts'
import type { Logger } from '../../../../base/logger.ts'
import { createClient } from '../../../../client/create-client.ts'
import { createHttpsTransport } from '../../../../client/https/https-transport.ts'
import { type KubeconfigContext, loadKubeconfig } from '../../../../client/https/kubeconfig.ts'
import { CertificateStore, parseKept } from './certificate-store.ts'
import { type CertificatePurpose, requestCertificate } from './request-certificate.ts'

export interface BootstrapOptions {
  readonly logger: Logger
  readonly nodeName: string
  /** Where what is asked for is kept. */
  readonly certificateFolder: string
  readonly kubeconfig: string
  /** Finds who signs, and the token to show; asked only where there is no certificate yet. */
  readonly bootstrap: () => KubeconfigContext | Promise<KubeconfigContext>
}

/** Of the store of an agent's client certificates. */
export const clientName = 'kubelet-client'

/** What a kubelet shows to the API server. */
export const clientPurpose = (nodeName: string): CertificatePurpose => ({
  signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
  usages: ['digital signature', 'client auth'],
  subject: { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] },
  names: () => [],
})

/** What it serves with. */
export const servingPurpose = (nodeName: string, names: readonly string[]): CertificatePurpose => ({
  signerName: 'kubernetes.io/kubelet-serving',
  usages: ['digital signature', 'server auth'],
  subject: { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] },
  names: () => names,
})

/** Whether a kubeconfig can still be used: its certificate, if it has one, is good. */
function isStillValid(file: string): boolean {
  if (!existsSync(file)) return false
  try {
    const { clientCertificate, clientKey, token } = loadKubeconfig(file)
    if (clientCertificate === undefined || clientKey === undefined) return token !== undefined
    return parseKept(clientCertificate + clientKey).notAfterMs > realHost.now()
  } catch {
    return false
  }
}

/** A kubeconfig whose certificate is where the store's link leads. */
function kubeconfigFor(
  { server, certificateAuthority, insecureSkipTlsVerify, tlsServerName }: KubeconfigContext,
  pem: string,
): string {
  const authority =
    certificateAuthority === undefined ? undefined : Buffer.from(certificateAuthority).toString('base64')
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'default-cluster',
        cluster: defined({
          server,
          'certificate-authority-data': authority,
          'insecure-skip-tls-verify': insecureSkipTlsVerify,
          'tls-server-name': tlsServerName,
        }),
      },
    ],
    users: [{ name: 'default-auth', user: { 'client-certificate': pem, 'client-key': pem } }],
    contexts: [{ name: 'default-context', context: { cluster: 'default-cluster', user: 'default-auth' } }],
    'current-context': 'default-context',
  })
}

/** Where the kubeconfig is not there or has expired, gets a certificate by a token, and writes it. */
export async function bootstrapKubeconfig(options: BootstrapOptions, signal: AbortSignal): Promise<void> {
  const { logger, nodeName, certificateFolder, kubeconfig } = options
  if (isStillValid(kubeconfig)) {
    logger.info('kubeconfig is valid: no bootstrap is needed', { kubeconfig })
    return
  }
  const config = await options.bootstrap()
  const store = new CertificateStore(certificateFolder, clientName)
  const transport = createHttpsTransport({ host: realHost, ...config, userAgent: 'kubelet' })
  try {
    const purpose = clientPurpose(nodeName)
    const { certificatePem, keyPem } = await requestCertificate(createClient(transport), purpose, signal)
    store.keep(certificatePem, keyPem, realHost.now())
  } finally {
    await transport.close()
  }
  mkdirSync(dirname(kubeconfig), { recursive: true })
  writeFileSync(kubeconfig, kubeconfigFor(config, store.path), { mode: 0o600 })
  logger.info('the node has its first certificate', { kubeconfig })
}
