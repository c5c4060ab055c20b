import { isIssued } from '../../api/certificates/certificate-signing-request/request-state.ts'
import type { certificates } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'
import { decodeBase64 } from '../../base/base64.ts'
import { pemBlocks } from '../../base/pem.ts'
import { readCertificate } from '../../base/x509.ts'

type Request = certificates.v1.CertificateSigningRequest

const hourMs = 3_600_000
const decidedMs = hourMs
const pendingMs = 24 * hourMs

function certificateEndMs({ status }: Request): number | undefined {
  try {
    const [block] = pemBlocks(new TextDecoder().decode(decodeBase64(status?.certificate ?? '')))
    return block === undefined ? undefined : readCertificate(block.bytes).notAfterMs
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * When a request is to go: an hour after it was denied, has failed, or was approved and issued; a day after it was
 * made and nobody decided, or was approved and nobody signs; at the latest when its certificate ends.
 */
export function expiresAtMs(request: Request): number | undefined {
  const { metadata, status } = request
  const conditions = status?.conditions ?? []
  const ends: number[] = []
  const after = (text: string | null | undefined, waitMs: number): void => {
    if (typeof text === 'string') ends.push(timeMs(text) + waitMs)
  }
  if (conditions.length === 0) after(metadata?.creationTimestamp, pendingMs)
  for (const { type, lastUpdateTime } of conditions) {
    if (type === 'Denied' || type === 'Failed') after(lastUpdateTime, decidedMs)
    if (type !== 'Approved') continue
    after(lastUpdateTime, isIssued(request) ? decidedMs : pendingMs)
    const endMs = certificateEndMs(request)
    if (endMs !== undefined) ends.push(endMs)
  }
  return ends.length === 0 ? undefined : Math.min(...ends)
}
