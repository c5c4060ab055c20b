import {
  kubeletClientProblem,
  kubeletClientSigner,
  kubeletServingProblem,
  kubeletServingSigner,
} from '../../api/certificates/certificate-signing-request/kubelet-requests.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { CertificateRequest } from '../../base/certificate-request.ts'
import type { RequestSigner } from './request-signer.ts'

/** So that clocks may differ. */
const backdateMs = 300_000
/** A certificate that lives less is not made to end earlier by its backdating. */
const shortMs = 8 * 3_600_000
const minMs = 600_000

function clientUsageProblem(usages: readonly string[]): string | undefined {
  const allowed = ['digital signature', 'key encipherment', 'client auth']
  const wrong = usages.find((usage) => !allowed.includes(usage))
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`
  return usages.includes('client auth')
    ? undefined
    : 'missing required usage for client certificate: client auth'
}

type Problem = (request: CertificateRequest, usages: readonly string[]) => string | undefined

/** The signers that the control plane has keys for, and what each does not sign. */
export const clusterSigners: ReadonlyMap<string, Problem> = new Map<string, Problem>([
  [kubeletServingSigner, kubeletServingProblem],
  [kubeletClientSigner, kubeletClientProblem],
  ['kubernetes.io/kube-apiserver-client', (_request, usages) => clientUsageProblem(usages)],
  ['kubernetes.io/legacy-unknown', () => undefined],
])

/** One authority behind all of them. */
export const oneSigner = (signer: RequestSigner): ReadonlyMap<string, RequestSigner> =>
  new Map([...clusterSigners.keys()].map((name) => [name, signer]))

/** How long a certificate is good for that is asked for with `expirationSeconds`. */
function durationMs(expirationSeconds: number | undefined, longestMs: number): number {
  if (expirationSeconds === undefined) return longestMs
  return Math.min(Math.max(expirationSeconds * 1000, minMs), longestMs)
}

/** From when to when a certificate is good. Throws where the authority's own is over. */
export function planValidity(
  expirationSeconds: number | undefined,
  longestMs: number,
  signerNotAfterMs: number,
  nowMs: number,
): { readonly notBeforeMs: number; readonly notAfterMs: number } {
  const lifeMs = durationMs(expirationSeconds, longestMs)
  const notBeforeMs = nowMs - backdateMs
  const notAfterMs = Math.min(nowMs + lifeMs - (lifeMs < shortMs ? 0 : backdateMs), signerNotAfterMs)
  const end = `NotAfter=${formatTime(signerNotAfterMs)}`
  if (notBeforeMs >= signerNotAfterMs) throw new Error(`the signer has expired: ${end}`)
  if (nowMs >= signerNotAfterMs)
    throw new Error(`refusing to sign a certificate that expired in the past: ${end}`)
  return { notBeforeMs, notAfterMs }
}
