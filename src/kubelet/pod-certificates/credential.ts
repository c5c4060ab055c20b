import type { certificates } from '../../api/generated/types/index.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { timeMs } from '../../apimachinery/time.ts'
import { pemBlocks, toPem } from '../../base/pem.ts'

type Request = certificates.v1beta1.PodCertificateRequest

/** What a pod is shown; both PEM. */
export interface CredentialBundle {
  readonly key: string
  readonly chain: string
}

interface Issued {
  readonly bundle: CredentialBundle
  /** From then on another one is asked for. */
  readonly refreshMs: number
  readonly notAfterMs: number
  readonly toldOverdue: boolean
  readonly toldExpired: boolean
}

interface Asked {
  /** Of the certificate that was asked for, PEM. */
  readonly key: string
  /** Name of the PodCertificateRequest. */
  readonly request: string
  /** A request that does not show until then has been deleted. */
  readonly abandonMs: number
}

interface Refused {
  readonly type: 'Denied' | 'Failed'
  readonly reason: string
  readonly message: string
}

/** Where one podCertificate source of a pod stands. Empty at first; once refused it stays so. */
export interface Credential {
  readonly issued?: Issued
  readonly asked?: Asked
  readonly refused?: Refused
}

export interface PodEvent {
  readonly reason: string
  readonly message: string
}

export interface CredentialStep {
  readonly credential: Credential
  /** A request is to be made now. */
  readonly asks: boolean
  /** Warnings about the pod. */
  readonly events: readonly PodEvent[]
}

/** Upstream's: how long a request that does not show is waited for, and when a refresh is late. */
const abandonAfterMs = 10 * 60_000
const overdueAfterMs = 10 * 60_000

/** Only the certificates: nothing between them, no headers. */
const cleaned = (chain: string): string =>
  pemBlocks(chain)
    .map(({ bytes }) => toPem('CERTIFICATE', bytes))
    .join('')

const words = { Denied: 'was denied', Failed: 'failed' } as const

function answered(asked: Asked, request: Request, jitterMs: number): CredentialStep | undefined {
  const { status, metadata } = request
  for (const { type, reason = '', message = '' } of status?.conditions ?? []) {
    if (type === 'Denied' || type === 'Failed') {
      const name = `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
      const text = `PodCertificateRequest ${name} ${words[type]}, reason=${goQuote(reason)}, message=${goQuote(message)}`
      const refused: Refused = { type, reason, message }
      return { credential: { refused }, asks: false, events: [{ reason: type, message: text }] }
    }
    if (type === 'Issued') {
      const issued = {
        bundle: { key: asked.key, chain: cleaned(status?.certificateChain ?? '') },
        refreshMs: timeMs(status?.beginRefreshAt ?? '') + jitterMs,
        notAfterMs: timeMs(status?.notAfter ?? ''),
        ...{ toldOverdue: false, toldExpired: false },
      }
      return { credential: { issued }, asks: false, events: [] }
    }
  }
  return undefined
}

/** What is late is told once for each certificate. */
function told(issued: Issued, nowMs: number): { issued: Issued; events: readonly PodEvent[] } {
  const events: PodEvent[] = []
  const isOverdue = nowMs > issued.refreshMs + overdueAfterMs
  const isExpired = nowMs > issued.notAfterMs
  if (isOverdue && !issued.toldOverdue)
    events.push({ reason: 'CertificateOverdueForRefresh', message: 'PodCertificate refresh overdue' })
  if (isExpired && !issued.toldExpired)
    events.push({ reason: 'CertificateExpired', message: 'PodCertificate expired' })
  if (events.length === 0) return { issued, events }
  return { issued: { ...issued, toldOverdue: isOverdue, toldExpired: isExpired }, events }
}

/** What comes next, as upstream's kubelet (pkg/kubelet/podcertificate). `request` is the one that was asked for, as far as it shows. */
export function nextCredential(
  credential: Credential,
  request: Request | undefined,
  { nowMs, jitterMs }: { readonly nowMs: number; readonly jitterMs: number },
): CredentialStep {
  const { issued, asked, refused } = credential
  const nothing: CredentialStep = { credential, asks: false, events: [] }
  if (refused !== undefined) return nothing
  if (asked !== undefined) {
    const answer = request === undefined ? undefined : answered(asked, request, jitterMs)
    if (answer !== undefined) return answer
    const isLost = request === undefined && nowMs > asked.abandonMs
    if (isLost) return nextCredential(issued === undefined ? {} : { issued }, undefined, { nowMs, jitterMs })
    if (request === undefined || issued === undefined) return nothing
    const late = told(issued, nowMs)
    return { credential: { asked, issued: late.issued }, asks: false, events: late.events }
  }
  if (issued === undefined) return { ...nothing, asks: true }
  if (nowMs < issued.refreshMs) return nothing
  const late = told(issued, nowMs)
  return { credential: { issued: late.issued }, asks: true, events: late.events }
}

/** After a request was made. */
export function askedFor(
  credential: Credential,
  key: string,
  request: Request,
  { nowMs, jitterMs }: { readonly nowMs: number; readonly jitterMs: number },
): Credential {
  const { name = '', creationTimestamp } = request.metadata ?? {}
  const madeMs = creationTimestamp == null ? nowMs : timeMs(creationTimestamp)
  return { ...credential, asked: { key, request: name, abandonMs: madeMs + abandonAfterMs + jitterMs } }
}

/** What the pod is shown. Throws with upstream's text where there is nothing yet, or nothing any more. */
export function bundleOf({ issued, refused }: Credential): CredentialBundle {
  if (refused !== undefined) {
    const { type, reason, message } = refused
    throw new Error(
      `PodCertificateRequest was permanently ${type.toLowerCase()}: reason=${goQuote(reason)} message=${goQuote(message)}`,
    )
  }
  if (issued === undefined) throw new Error('credential bundle is not issued yet')
  return issued.bundle
}

/** The label of upstream's metric. */
export function credentialState({ issued, refused }: Credential, nowMs: number): string {
  if (refused !== undefined) return refused.type.toLowerCase()
  if (issued === undefined) return 'not_yet_issued'
  if (nowMs > issued.notAfterMs) return 'expired'
  return nowMs > issued.refreshMs + overdueAfterMs ? 'overdue_for_refresh' : 'fresh'
}
