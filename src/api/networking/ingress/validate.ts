import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { parseIp } from '../../../apimachinery/ip-address.ts'
import { validateLegacyIp } from '../../../apimachinery/ip-validation.ts'
import { isDns1123Subdomain, isWildcardSubdomain } from '../../../apimachinery/names.ts'
import { checkText } from '../../checks.ts'
import type { networking } from '../../generated/types/index.ts'
import { validateBackend } from './validate-backend.ts'

type Ingress = networking.v1.Ingress
type Rule = networking.v1.IngressRule

export const classAnnotation = 'kubernetes.io/ingress.class'

const ipMessage = 'must be a DNS name, not an IP address'
const pathTypes: readonly string[] = ['Exact', 'ImplementationSpecific', 'Prefix']
const wrongSequences: readonly string[] = ['//', '/./', '/../', '%2f', '%2F']
const wrongEnds: readonly string[] = ['/..', '/.']

const isIp = (text: string): boolean => parseIp(text, { allowLeadingZeros: true }) !== undefined

function validateHost(host: string, where: FieldPath, errors: FieldError[]): void {
  checkText(host, host.includes('*') ? isWildcardSubdomain : isDns1123Subdomain, where, errors)
}

function validatePath(path: networking.v1.HTTPIngressPath, at: FieldPath, errors: FieldError[]): void {
  const { path: text = '', pathType } = path
  const where = at.child('path')
  if (pathType === undefined) {
    errors.push(required(at.child('pathType'), 'pathType must be specified'))
    return
  }
  const matches = pathType === 'Exact' || pathType === 'Prefix'
  if (!pathTypes.includes(pathType)) errors.push(notSupported(at.child('pathType'), pathType, pathTypes))
  else if (!text.startsWith('/') && (matches || text !== ''))
    errors.push(invalidValue(where, text, 'must be an absolute path'))
  if (matches) {
    for (const sequence of wrongSequences)
      if (text.includes(sequence)) errors.push(invalidValue(where, text, `must not contain '${sequence}'`))
    for (const end of wrongEnds)
      if (text.endsWith(end)) errors.push(invalidValue(where, text, `cannot end with '${end}'`))
  }
  validateBackend(path.backend ?? {}, at.child('backend'), errors)
}

function validatePaths({ http }: Rule, path: FieldPath, errors: FieldError[]): void {
  if (http === undefined) return
  const where = path.child('http').child('paths')
  const paths = http.paths ?? []
  if (paths.length === 0) errors.push(required(where))
  paths.forEach((item, index) => {
    validatePath(item, where.index(index), errors)
  })
}

/** Older versions did not look into rules for wildcards. */
function hasInvalidWildcardRule(old: Ingress | undefined): boolean {
  const errors: FieldError[] = []
  for (const rule of old?.spec?.rules ?? [])
    if ((rule.host ?? '').includes('*')) validatePaths(rule, fieldPath('rules'), errors)
  return errors.length > 0
}

function validateRules(
  ingress: Ingress,
  old: Ingress | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const lenient = hasInvalidWildcardRule(old)
  ingress.spec?.rules?.forEach((rule, index) => {
    const { host = '' } = rule
    const where = path.index(index)
    if (host !== '') {
      if (isIp(host)) errors.push(invalidValue(where.child('host'), host, ipMessage))
      validateHost(host, where.child('host'), errors)
    }
    if (!host.includes('*') || !lenient) validatePaths(rule, where, errors)
  })
}

const hasInvalidSecret = (ingress: Ingress | undefined): boolean =>
  (ingress?.spec?.tls ?? []).some(
    ({ secretName = '' }) => secretName !== '' && isDns1123Subdomain(secretName).length > 0,
  )

function validateTls(
  ingress: Ingress,
  old: Ingress | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const lenient = hasInvalidSecret(old)
  ingress.spec?.tls?.forEach(({ hosts = [], secretName = '' }, index) => {
    const where = path.index(index)
    hosts.forEach((host, at) => {
      validateHost(host, where.child('hosts').index(at), errors)
    })
    if (secretName !== '' && !lenient)
      checkText(secretName, isDns1123Subdomain, where.child('secretName'), errors)
  })
}

function validateStatus(ingress: Ingress, old: Ingress, errors: FieldError[]): void {
  const points = (one: Ingress): readonly networking.v1.IngressLoadBalancerIngress[] =>
    one.status?.loadBalancer?.ingress ?? []
  const known = points(old).flatMap(({ ip = '' }) => (ip === '' ? [] : [ip]))
  points(ingress).forEach(({ ip = '', hostname = '' }, index) => {
    const where = fieldPath('status.loadBalancer.ingress').index(index)
    if (ip !== '') validateLegacyIp(ip, where.child('ip'), errors, known)
    if (hostname === '') return
    checkText(hostname, isDns1123Subdomain, where.child('hostname'), errors)
    if (isIp(hostname)) errors.push(invalidValue(where.child('hostname'), hostname, ipMessage))
  })
}

export function validateIngress(
  ingress: Ingress,
  old: Ingress | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validateStatus(ingress, old, errors)
    return errors
  }
  const path = fieldPath('spec')
  const { defaultBackend, rules = [], ingressClassName } = ingress.spec ?? {}
  if (rules.length === 0 && defaultBackend === undefined) {
    const detail = 'either `defaultBackend` or `rules` must be specified'
    errors.push(invalidValue(path, ingress.spec?.rules ?? null, detail))
  }
  if (defaultBackend !== undefined) validateBackend(defaultBackend, path.child('defaultBackend'), errors)
  validateRules(ingress, old, path.child('rules'), errors)
  validateTls(ingress, old, path.child('tls'), errors)
  if (ingressClassName !== undefined)
    checkText(ingressClassName, isDns1123Subdomain, path.child('ingressClassName'), errors)
  const annotated = ingress.metadata?.annotations?.[classAnnotation]
  if (old === undefined && annotated !== undefined && ingressClassName !== undefined) {
    const detail = 'must match `ingressClassName` when both are specified'
    if (annotated !== ingressClassName)
      errors.push(invalidValue(fieldPath('annotations').child(classAnnotation), annotated, detail))
  }
  return errors
}
