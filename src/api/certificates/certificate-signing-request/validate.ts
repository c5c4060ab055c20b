import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import { describeDifference } from '../../../apimachinery/difference.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
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

function validateSpec(request: Request, old: Request | undefined, errors: FieldError[]): void {
  const path = fieldPath('spec')
  const { request: pem = '', signerName = '', expirationSeconds: seconds } = request.spec ?? {}
  const parsed = parseRequest(pem)
  if ('error' in parsed)
    errors.push(invalidValue(path.child('request'), pem === '' ? null : pem, parsed.error))
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
      const detail = `updates may not modify a condition of type "${type}"\n${describeDifference(before, now)}`
      errors.push(fieldForbidden(conditionsPath, detail))
    }
  }
}

export function validateRequest(
  request: Request,
  old: Request | undefined,
  { subresource }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  validateSpec(request, old, errors)
  validateConditions(request, old, errors)
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
