import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateLegacyIp } from '../../../apimachinery/ip-validation.ts'
import type { core } from '../../generated/types/index.ts'
import { isExternalName, isHeadless } from './service-type.ts'

type Service = core.v1.Service

const spec = fieldPath('spec')
const ipsPath = spec.child('clusterIPs')
const familiesPath = spec.child('ipFamilies')
const policyPath = spec.child('ipFamilyPolicy')

export const ipFamilies: readonly string[] = ['IPv4', 'IPv6']
export const ipFamilyPolicies: readonly string[] = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

export const familyOfIp = (ip: string): 'IPv4' | 'IPv6' => (ip.includes(':') ? 'IPv6' : 'IPv4')

function validateFamilies(service: Service, errors: FieldError[]): void {
  const seen = new Set<string>()
  service.spec?.ipFamilies?.forEach((family, index) => {
    const where = familiesPath.index(index)
    if (!ipFamilies.includes(family)) errors.push(notSupported(where, family, ipFamilies))
    if (seen.has(family)) errors.push(duplicate(where, family))
    seen.add(family)
  })
  const policy = service.spec?.ipFamilyPolicy
  if (policy !== undefined && !ipFamilyPolicies.includes(policy))
    errors.push(notSupported(policyPath, policy, ipFamilyPolicies))
}

/** False if some address is none: then the rest makes no sense. */
function validateAddresses(ips: readonly string[], known: readonly string[], errors: FieldError[]): boolean {
  const before = errors.length
  ips.forEach((ip, index) => {
    if (index > 0 || ip !== 'None') validateLegacyIp(ip, ipsPath.index(index), errors, known)
    else if (ips.length > 1)
      errors.push(invalidValue(ipsPath, ips, "'None' must be the first and only value"))
  })
  const wellFormed = errors.length === before
  if (ips.length > 2) errors.push(invalidValue(ipsPath, ips, 'may only hold up to 2 values'))
  return wellFormed
}

/** How `clusterIP`, `clusterIPs`, `ipFamilies` and `ipFamilyPolicy` go together. */
export function validateClusterIps(service: Service, old: Service | undefined, errors: FieldError[]): void {
  if (isExternalName(service)) return
  const { clusterIP = '', clusterIPs: ips = [], ipFamilies: families = [] } = service.spec ?? {}
  if (clusterIP !== '') {
    if (ips.length === 0) errors.push(required(ipsPath))
    else if (ips[0] !== clusterIP)
      errors.push(invalidValue(ipsPath, ips, 'first value must match `clusterIP`'))
  } else if (ips.length > 0)
    errors.push(invalidValue(ipsPath, ips, 'must be empty when `clusterIP` is not specified'))
  validateFamilies(service, errors)
  if (!validateAddresses(ips, old?.spec?.clusterIPs ?? [], errors)) return
  if (ips.length > 1 && new Set(ips.map(familyOfIp)).size !== ips.length)
    errors.push(invalidValue(ipsPath, ips, 'may specify no more than one IP for each IP family'))
  if (isHeadless(service)) return
  ips.forEach((ip, index) => {
    const family = families[index]
    if (family === undefined || !ipFamilies.includes(family) || familyOfIp(ip) === family) return
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``
    errors.push(invalidValue(ipsPath.index(index), ip, detail))
  })
}

function validateIpChange(service: Service, old: Service, errors: FieldError[]): void {
  const ips = service.spec?.clusterIPs ?? []
  const oldIps = old.spec?.clusterIPs ?? []
  const changed = 'may not change once set'
  if (ips.length === oldIps.length) {
    oldIps.forEach((ip, index) => {
      if (ip !== ips[index]) errors.push(invalidValue(ipsPath.index(index), ips, changed))
    })
    return
  }
  if (oldIps.length > ips.length && ips.length === 0)
    errors.push(invalidValue(ipsPath.index(0), ips, 'primary clusterIP can not be unset'))
  if (oldIps.length > 0 && ips.length > 0 && ips[0] !== oldIps[0])
    errors.push(invalidValue(ipsPath.index(0), ips, changed))
  const policy = service.spec?.ipFamilyPolicy
  if (oldIps.length > ips.length && ips.length === 1 && policy !== 'SingleStack') {
    const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP"
    errors.push(invalidValue(policyPath, policy ?? null, detail))
  }
}

function validateFamilyChange(service: Service, old: Service, errors: FieldError[]): void {
  const families = service.spec?.ipFamilies ?? []
  const oldFamilies = old.spec?.ipFamilies ?? []
  const where = familiesPath.index(0)
  const changed = 'may not change once set'
  if (families.length === oldFamilies.length) {
    oldFamilies.forEach((family, index) => {
      if (family !== families[index]) errors.push(invalidValue(where, families, changed))
    })
    return
  }
  const ips = service.spec?.clusterIPs ?? []
  const released = oldFamilies.length > families.length
  if (released && ips.length === 0)
    errors.push(invalidValue(where, families, 'primary ipFamily can not be unset'))
  if (oldFamilies.length > 0 && families.length > 0 && families[0] !== oldFamilies[0])
    errors.push(invalidValue(where, ips, changed))
  const policy = service.spec?.ipFamilyPolicy
  if (released && families.length === 1 && policy !== 'SingleStack') {
    const detail = "must be set to 'SingleStack' when releasing the secondary ipFamily"
    errors.push(invalidValue(policyPath, policy ?? null, detail))
  }
}

/** A second address may come and go; the first one stays, but on the way from or to ExternalName. */
export function validateClusterIpChange(service: Service, old: Service, errors: FieldError[]): void {
  if (isExternalName(service) || isExternalName(old)) return
  const headless = isHeadless(service)
  if (!headless || !isHeadless(old)) validateIpChange(service, old, errors)
  if (!headless && !isHeadless(old)) validateFamilyChange(service, old, errors)
}
