import { CertificateSigningRequest } from '../../../../api/certificates/certificate-signing-request/kind.ts'
import type { certificates } from '../../../../api/generated/types/index.ts'
import { realHost } from '../../../../base/host/real-host.ts'
import { sleep } from '../../../../base/sleep.ts'
import type { Client } from '../../../../client/client.ts'
import { generateKey, privateKeyPem, type Subject } from '../../../pki/certificate.ts'
import { createCertificateRequest } from '../../../pki/certificate-request.ts'

export interface CertificatePurpose {
  /** `kubernetes.io/kube-apiserver-client-kubelet` */
  readonly signerName: string
  readonly usages: readonly string[]
  readonly subject: Subject
  /** Names and addresses to serve under, as they are now. */
  names(): readonly string[]
}

/** Upstream's: how long a decision is waited for. */
const decisionTimeoutMs = 15 * 60_000
const lookMs = 1_000

type Condition = NonNullable<
  NonNullable<certificates.v1.CertificateSigningRequest['status']>['conditions']
>[number]

function refusal(conditions: readonly Condition[]): Error | undefined {
  const found = conditions.find(({ type }) => type === 'Denied' || type === 'Failed')
  if (found === undefined) return undefined
  const how = found.type === 'Denied' ? 'is denied' : 'failed'
  return new Error(
    `certificate signing request ${how}, reason: ${found.reason ?? ''}, message: ${found.message ?? ''}`,
  )
}

/** Asks for a certificate with a new key, and waits until it is signed. Rejects where it is denied, failed, or nobody decides. */
export async function requestCertificate(
  client: Client,
  { signerName, usages, subject, names }: CertificatePurpose,
  signal: AbortSignal,
): Promise<{ readonly certificatePem: string; readonly keyPem: string }> {
  const key = generateKey()
  const request = Buffer.from(createCertificateRequest(key, subject, names())).toString('base64')
  const requests = client.resource(CertificateSigningRequest)
  const { metadata } = await requests.create({
    metadata: { generateName: 'csr-' },
    spec: { request, signerName, usages: [...usages] },
  })
  const name = metadata?.name ?? ''
  const untilMs = realHost.monotonicMs() + decisionTimeoutMs
  while (!signal.aborted && realHost.monotonicMs() < untilMs) {
    const { status } = await requests.get('', name)
    const refused = refusal(status?.conditions ?? [])
    if (refused !== undefined) throw refused
    const issued = status?.certificate ?? ''
    if (issued !== '') {
      const certificatePem = Buffer.from(issued, 'base64').toString('utf8')
      return { certificatePem, keyPem: privateKeyPem(key) }
    }
    await sleep(realHost, lookMs, signal)
  }
  throw new Error(`certificate request ${name} was not signed in time`)
}
