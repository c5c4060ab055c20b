import { describe, expect, it } from 'vitest'
import type { certificates } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { toPem } from '../../base/pem.ts'
import { askedFor, bundleOf, type Credential, credentialState, nextCredential } from './credential.ts'

type Request = certificates.v1beta1.PodCertificateRequest
type Status = certificates.v1beta1.PodCertificateRequestStatus

const startMs = Date.UTC(2026, 0, 1)
const minuteMs = 60_000
const chain = toPem('CERTIFICATE', Uint8Array.of(1, 2)) + toPem('CERTIFICATE', Uint8Array.of(3))

const at = (minutes: number) => ({ nowMs: startMs + minutes * minuteMs, jitterMs: 0 })
const time = (minutes: number) => formatTime(startMs + minutes * minuteMs)

const made = (status: Status = {}): Request => {
  const metadata = { namespace: 'shop', name: 'req-1', creationTimestamp: time(0) }
  return { metadata, spec: { signerName: 's', podUID: 'u' }, status } as Request
}
const condition = (type: string) =>
  made({
    conditions: [{ type, status: 'True', reason: 'Why', message: 'so "told"', lastTransitionTime: time(0) }],
  })
const issuedRequest = made({
  ...(condition('Issued').status ?? {}),
  ...{ certificateChain: `# told\n${chain}`, beginRefreshAt: time(60), notAfter: time(120) },
})

const asked = askedFor({}, 'key', made(), at(0))
const { credential: issued } = nextCredential(asked, issuedRequest, at(1))
const again = askedFor(issued, 'newer', made(), at(60))

const textOf = (credential: Credential): string => {
  try {
    const { key, chain: shown } = bundleOf(credential)
    return `${key} ${shown === chain ? 'chain' : shown}`
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

describe('nextCredential()', () => {
  const denied = 'PodCertificateRequest was permanently denied: reason="Why" message="so \\"told\\""'
  it.each<[string, Credential, Request | undefined, number, string, string, boolean]>([
    ['asks for what nobody has asked for', {}, undefined, 0, 'not issued', 'not_yet_issued', true],
    ['waits for an answer', asked, made(), 9, 'not issued', 'not_yet_issued', false],
    ['waits for a request to show', asked, undefined, 9, 'not issued', 'not_yet_issued', false],
    ['asks anew where it never shows', asked, undefined, 11, 'not issued', 'not_yet_issued', true],
    ['shows what was issued, cleaned', asked, issuedRequest, 1, 'key chain', 'fresh', false],
    ['gives up what is denied', asked, condition('Denied'), 1, denied, 'denied', false],
    [
      'gives up what fails',
      asked,
      condition('Failed'),
      1,
      denied.replace('denied', 'failed'),
      'failed',
      false,
    ],
    ['keeps what is fresh', issued, undefined, 59, 'key chain', 'fresh', false],
    ['asks for another in time', issued, undefined, 60, 'key chain', 'fresh', true],
    ['shows the old one meanwhile', again, made(), 65, 'key chain', 'fresh', false],
    ['shows the newer one', again, issuedRequest, 65, 'newer chain', 'fresh', false],
    ['asks anew for a refresh that is lost', again, undefined, 71, 'key chain', 'overdue_for_refresh', true],
    ['shows even what has expired', again, made(), 121, 'key chain', 'expired', false],
    ['shows nothing once a refresh is denied', again, condition('Denied'), 65, denied, 'denied', false],
  ])('%s', (_name, credential, request, minutes, text, state, asks) => {
    const step = nextCredential(credential, request, at(minutes))
    expect(textOf(step.credential).replace('credential bundle is not issued yet', 'not issued')).toBe(text)
    expect(credentialState(step.credential, at(minutes).nowMs)).toBe(state)
    expect(step.asks).toBe(asks)
  })

  it('tells once that a refresh is late, and once that the certificate has expired', () => {
    const reasons: string[] = []
    let credential = again
    for (const minutes of [65, 71, 72, 121, 122]) {
      const step = nextCredential(credential, made(), at(minutes))
      reasons.push(...step.events.map(({ reason }) => `${minutes} ${reason}`))
      credential = step.credential
    }
    expect(reasons).toEqual(['71 CertificateOverdueForRefresh', '121 CertificateExpired'])
  })

  it('tells why a request was refused', () => {
    expect(nextCredential(asked, condition('Denied'), at(1)).events).toEqual([
      {
        reason: 'Denied',
        message: 'PodCertificateRequest shop/req-1 was denied, reason="Why", message="so \\"told\\""',
      },
    ])
  })
})
