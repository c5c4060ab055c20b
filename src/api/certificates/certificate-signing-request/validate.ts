import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  forbiddenChange,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { decodeBase64 } from '../../../base/base64.ts'
import { pemBlocks } from '../../../base/pem.ts'
import type { VerifySignature } from '../../../base/signature.ts'
import { readCertificate } from '../../../base/x509.ts'
import type { certificates } from '../../generated/types/index.ts'
import { validateSignerName } from '../signer-name.ts'
import { parseRequest } from './parse-request.ts'

type Request = certificates.v1.CertificateSigningRequest
type Condition = certificates.v1.CertificateSigningRequestCondition

const usages: readonly string[] = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

const minSeconds = 600
const legacySigner = 'kubernetes.io/legacy-unknown'
const conditionsPath = fieldPath('status').child('conditions')
const decisions = ['Approved', 'Denied']

const conditionsOf = (request: Request | undefined, type?: string): readonly Condition[] =>
  (request?.status?.conditions ?? []).filter((condition) => type === undefined || condition.type === type)

const hasDuplicates = (texts: readonly string[]): boolean => new Set(texts).size < texts.length

/** Go's words for a signature that is not the key's. */
const signatureComplaints = {
  'rsa-pkcs1': 'crypto/rsa: verification error',
  'rsa-pss': 'crypto/rsa: verification error',
  ecdsa: 'x509: ECDSA verification failure',
  ed25519: 'x509: Ed25519 verification failure',
} as const

/** Why it is no request, or not signed by its own key. */
function requestComplaint(base64: string, verify: VerifySignature | undefined): string | undefined {
  const parsed = parseRequest(base64)
  if ('error' in parsed) return parsed.error
  if (verify === undefined) return undefined
  const { signed } = parsed
  if (typeof signed === 'string') return `x509: cannot verify signature: ${signed}`
  return verify(signed) ? undefined : signatureComplaints[signed.scheme]
}

function validateUsages(
  request: Request,
  old: Request | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const own = request.spec?.usages ?? []
  const before = old?.spec?.usages ?? []
  if (own.length === 0) errors.push(required(path))
  if (before.every((usage) => usages.includes(usage)))
    own.forEach((usage, index) => {
      if (!usages.includes(usage)) errors.push(notSupported(path.index(index), usage, usages))
    })
  if (hasDuplicates(before)) return
  own.forEach((usage, index) => {
    if (own.indexOf(usage) < index) errors.push(duplicate(path.index(index), usage))
  })
}

function validateSpec(
  request: Request,
  old: Request | undefined,
  verify: VerifySignature | undefined,
  errors: FieldError[],
): void {
  const path = fieldPath('spec')
  const { request: pem = '', signerName = '', expirationSeconds: seconds } = request.spec ?? {}
  const complaint = requestComplaint(pem, verify)
  if (complaint !== undefined)
    errors.push(invalidValue(path.child('request'), pem === '' ? null : pem, complaint))
  validateUsages(request, old, path.child('usages'), errors)
  const signer = path.child('signerName')
  if (signerName === legacySigner && old?.spec?.signerName !== legacySigner)
    errors.push(invalidValue(signer, signerName, 'the legacy signerName is not allowed via this API version'))
  else validateSignerName(signerName, signer, errors)
  if (seconds !== undefined && seconds < minSeconds) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)'
    errors.push(invalidValue(path.child('expirationSeconds'), seconds, detail))
  }
}

function validateConditions(request: Request, old: Request | undefined, errors: FieldError[]): void {
  const before = conditionsOf(old).map(({ type }) => type)
  const wereBoth = decisions.every((type) => before.includes(type))
  const seen = new Set<string>()
  conditionsOf(request).forEach(({ type = '', status = '' }, index) => {
    const where = conditionsPath.index(index)
    if (type === '' && !before.includes('')) errors.push(required(where.child('type')))
    const final = type === 'Failed' || decisions.includes(type)
    const statuses = final ? ['True'] : ['False', 'True', 'Unknown']
    if (status === '') errors.push(required(where.child('status')))
    else if (!statuses.includes(status)) errors.push(notSupported(where.child('status'), status, statuses))
    const opposite = decisions.find((decision) => decision !== type) ?? ''
    if (!wereBoth && decisions.includes(type) && seen.has(opposite)) {
      const detail = 'Approved and Denied conditions are mutually exclusive'
      errors.push(invalidValue(conditionsPath, type, detail))
    }
    if (!hasDuplicates(before) && seen.has(type)) errors.push(duplicate(where.child('type'), type))
    seen.add(type)
  })
}

function validateDecisions(request: Request, old: Request, mayDecide: boolean, errors: FieldError[]): void {
  for (const type of [...decisions, 'Failed']) {
    if (conditionsOf(request, type).length < conditionsOf(old, type).length)
      errors.push(fieldForbidden(conditionsPath, `updates may not remove a condition of type "${type}"`))
  }
  if (mayDecide) return
  for (const type of decisions) {
    const now = conditionsOf(request, type)
    const before = conditionsOf(old, type)
    if (now.length > before.length)
      errors.push(fieldForbidden(conditionsPath, `updates may not add a condition of type "${type}"`))
    else if (now.length === before.length && !semanticallyEqual(now, before)) {
      const detail = `updates may not modify a condition of type "${type}"`
      errors.push(forbiddenChange(conditionsPath, detail, before, now))
    }
  }
}

/** Why it is no chain of certificates in PEM. */
function certificateComplaint(base64: string): string | undefined {
  const blocks = pemBlocks(new TextDecoder().decode(decodeBase64(base64)))
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block'
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${goQuote(type)}`
    if (hasHeaders) return 'no PEM block headers are permitted'
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates'
    try {
      readCertificate(bytes)
    } catch (error) {
      if (error instanceof RangeError) return 'x509: malformed certificate'
      throw error
    }
  }
  return undefined
}

/** What was wrong before may stay so. */
function validateCertificate(request: Request, old: Request | undefined, errors: FieldError[]): void {
  const certificate = request.status?.certificate ?? ''
  const before = old?.status?.certificate ?? ''
  if (certificate === '' || (before !== '' && certificateComplaint(before) !== undefined)) return
  const complaint = certificateComplaint(certificate)
  const where = fieldPath('status').child('certificate')
  if (complaint !== undefined) errors.push(invalidValue(where, '<certificate data>', complaint))
}

export function validateRequest(
  request: Request,
  old: Request | undefined,
  { subresource, verifySignature }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  validateSpec(request, old, verifySignature, errors)
  validateConditions(request, old, errors)
  validateCertificate(request, old, errors)
  if (old === undefined) return errors
  validateDecisions(request, old, subresource === 'approval', errors)
  const certificate = request.status?.certificate ?? ''
  const before = old.status?.certificate ?? ''
  if (certificate === before) return errors
  const where = fieldPath('status').child('certificate')
  if (subresource !== 'status') errors.push(fieldForbidden(where, 'updates may not set certificate content'))
  else if (before !== '')
    errors.push(fieldForbidden(where, 'updates may not modify existing certificate content'))
  return errors
}
