import { validateConditions } from '../../../apimachinery/condition-validation.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  invalidField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { timeMs } from '../../../apimachinery/time.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { decodeBase64 } from '../../../base/base64.ts'
import { readCertificateRequest } from '../../../base/certificate-request.ts'
import { pemBlocks } from '../../../base/pem.ts'
import { type Certificate, readCertificate } from '../../../base/x509.ts'
import type { certificates } from '../../generated/types/index.ts'

type Request = certificates.v1beta1.PodCertificateRequest
type Status = certificates.v1beta1.PodCertificateRequestStatus

const path = fieldPath('status')
const chainPath = path.child('certificateChain')
const finalTypes: readonly string[] = ['Issued', 'Denied', 'Failed']
const maxChainBytes = 100 * 1024
const minuteMs = 60_000
const marginMs = 10 * minuteMs
const skewMs = 5 * minuteMs
const minLifetimeMs = 60 * minuteMs

const hasCondition = (status: Status | undefined, types: readonly string[]): boolean =>
  (status?.conditions ?? []).some(({ type }) => types.includes(type))

function checkConditions(status: Status, errors: FieldError[]): void {
  let known = 0
  status.conditions?.forEach(({ type = '', status: value = '' }, index) => {
    const where = path.child('conditions').index(index)
    if (!finalTypes.includes(type)) {
      errors.push(notSupported(where.child('type'), type, finalTypes))
      return
    }
    known++
    if (known > 1) {
      const detail = 'There may be at most one condition with type "Issued", "Denied", or "Failed"'
      errors.push(invalidValue(where.child('type'), type, detail))
    }
    if (value !== 'True') errors.push(notSupported(where.child('status'), value, ['True']))
  })
  validateConditions(status.conditions, path.child('conditions'), errors)
}

function read(bytes: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(bytes)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function keyOf({ spec }: Request): Uint8Array {
  const { stubPKCS10Request: stub = '', pkixPublicKey: key = '' } = spec ?? {}
  return stub === '' ? decodeBase64(key) : readCertificateRequest(decodeBase64(stub)).publicKey
}

/** The leaf of an issued chain, or the first thing that is wrong with the chain. */
function readLeaf(chain: string): Certificate | string {
  const [leaf, ...others] = pemBlocks(chain)
  if (leaf === undefined) return 'issued certificate chain must contain at least one certificate'
  if (leaf.type !== 'CERTIFICATE')
    return 'issued certificate chain must consist entirely of CERTIFICATE PEM blocks'
  const certificate = read(leaf.bytes)
  if (certificate === undefined) return 'leaf certificate does not parse as valid X.509'
  for (const { type, bytes } of others) {
    if (type !== 'CERTIFICATE')
      return 'issued certificate chain must consist entirely of CERTFICATE PEM blocks'
    if (read(bytes) === undefined) return 'intermediate certificate does not parse as valid X.509'
  }
  return certificate
}

function checkTimes(
  status: Status,
  leaf: Certificate,
  request: Request,
  nowMs: number,
): FieldError | undefined {
  const { notBefore = '', notAfter = '', beginRefreshAt = '' } = status
  const beforeMs = timeMs(notBefore)
  const refreshMs = timeMs(beginRefreshAt)
  const at = (field: string, value: string, detail: string) => invalidValue(path.child(field), value, detail)
  if (beforeMs !== leaf.notBeforeMs)
    return at('notBefore', notBefore, 'must be set to the NotBefore time encoded in the leaf certificate')
  if (Math.abs(beforeMs - nowMs) > skewMs)
    return at('notBefore', notBefore, "must be set to within 5 minutes of kube-apiserver's current time")
  if (timeMs(notAfter) !== leaf.notAfterMs)
    return at('notAfter', notAfter, 'must be set to the NotAfter time encoded in the leaf certificate')
  const lifetimeMs = leaf.notAfterMs - leaf.notBeforeMs
  const seconds = request.spec?.maxExpirationSeconds ?? 0
  if (lifetimeMs < minLifetimeMs)
    return invalidValue(chainPath, lifetimeMs * 1e6, 'leaf certificate lifetime must be >= 1 hour')
  if (lifetimeMs > seconds * 1000) {
    const detail = `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${seconds})`
    return invalidValue(chainPath, lifetimeMs * 1e6, detail)
  }
  if (refreshMs < beforeMs + marginMs)
    return at('beginRefreshAt', beginRefreshAt, 'must be at least 10 minutes after status.notBefore')
  if (refreshMs > timeMs(notAfter) - marginMs)
    return at('beginRefreshAt', beginRefreshAt, 'must be at least 10 minutes before status.notAfter')
  return undefined
}

function checkIssued(status: Status, request: Request, nowMs: number, errors: FieldError[]): void {
  const { certificateChain: chain = '' } = status
  if (utf8Length(chain) > maxChainBytes) {
    errors.push(tooLong(chainPath, maxChainBytes))
    return
  }
  const leaf = readLeaf(chain)
  if (typeof leaf === 'string') {
    errors.push(invalidValue(chainPath, chain, leaf))
    return
  }
  if (keyOf(request).join() !== leaf.publicKey.join()) {
    const detail = 'leaf certificate was not issued to the requested public key'
    errors.push(invalidValue(chainPath, chain, detail))
    return
  }
  const before = errors.length
  const consistent = 'must be present and consistent with the issued certificate'
  const inRange = 'must be present and in the range [notbefore+10min, notafter-10min]'
  if (status.notBefore === undefined) errors.push(required(path.child('notBefore'), consistent))
  if (status.notAfter === undefined) errors.push(required(path.child('notAfter'), consistent))
  if (status.beginRefreshAt === undefined) errors.push(required(path.child('beginRefreshAt'), inRange))
  if (errors.length > before) return
  const error = checkTimes(status, leaf, request, nowMs)
  if (error !== undefined) errors.push(error)
}

/** A request is answered once: issued, denied or failed. */
export function validatePodCertificateStatus(
  request: Request,
  old: Request,
  nowMs: number,
  errors: FieldError[],
): void {
  const status = request.status ?? {}
  checkConditions(status, errors)
  if (errors.length > 0) return
  const unchanged = semanticallyEqual(status, old.status ?? {})
  if (hasCondition(old.status, finalTypes)) {
    const detail = 'immutable after PodCertificateRequest is issued, denied, or failed'
    if (!unchanged) errors.push(invalidField(path, detail))
  } else if (hasCondition(status, ['Denied', 'Failed'])) {
    const detail =
      'non-condition status fields must be empty when denying or failing the PodCertificateRequest'
    if (!semanticallyEqual(status, { conditions: status.conditions })) errors.push(invalidField(path, detail))
  } else if (hasCondition(status, ['Issued'])) checkIssued(status, old, nowMs, errors)
  else if (!unchanged) {
    const detail = 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"'
    errors.push(invalidField(path, detail))
  }
}
