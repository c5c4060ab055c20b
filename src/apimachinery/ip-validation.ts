import type { FieldError } from './field-error.ts'
import { invalidValue, type Where } from './field-errors.ts'
import { goQuote } from './go-text.ts'
import {
  formatCidr,
  formatIp,
  hasHostBits,
  type IpAddress,
  isIpv4Mapped,
  parseCidr,
  parseIp,
} from './ip-address.ts'

function check(text: string, where: Where, errors: FieldError[]): IpAddress | undefined {
  const ip = parseIp(text)
  if (ip !== undefined) {
    if (isIpv4Mapped(ip)) errors.push(invalidValue(where, text, 'must not be an IPv4-mapped IPv6 address'))
    return ip
  }
  const detail =
    parseIp(text, { allowLeadingZeros: true }) === undefined
      ? 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
      : 'must not have leading 0s'
  errors.push(invalidValue(where, text, detail))
  return undefined
}

/** Upstream's check of fields that took any spelling of an address; `known` are those that the old object had. */
export function validateLegacyIp(
  text: string,
  where: Where,
  errors: FieldError[],
  known: readonly string[] = [],
): void {
  if (!known.includes(text)) check(text, where, errors)
}

/** A canonical address: what newer fields want. */
export function validateIp(text: string, where: Where, errors: FieldError[]): void {
  const before = errors.length
  const ip = check(text, where, errors)
  if (ip === undefined || errors.length > before) return
  const canonical = formatIp(ip)
  if (text !== canonical)
    errors.push(invalidValue(where, text, `must be in canonical form (${goQuote(canonical)})`))
}

function checkCidr(text: string, where: Where, errors: FieldError[]): void {
  const range = parseCidr(text)
  if (range === undefined) {
    const detail =
      parseCidr(text, { allowLeadingZeros: true }) === undefined
        ? 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
        : 'must not have leading 0s in IP or prefix length'
    errors.push(invalidValue(where, text, detail))
    return
  }
  if (isIpv4Mapped(range.base))
    errors.push(invalidValue(where, text, 'must not have an IPv4-mapped IPv6 address'))
  else if (hasHostBits(text))
    errors.push(invalidValue(where, text, 'must not have bits set beyond the prefix length'))
}

export function validateLegacyCidr(
  text: string,
  where: Where,
  errors: FieldError[],
  known: readonly string[] = [],
): void {
  if (!known.includes(text)) checkCidr(text, where, errors)
}

export function validateCidr(text: string, where: Where, errors: FieldError[]): void {
  const before = errors.length
  checkCidr(text, where, errors)
  const range = parseCidr(text)
  if (range === undefined || errors.length > before) return
  const canonical = formatCidr(range)
  if (text !== canonical)
    errors.push(invalidValue(where, text, `must be in canonical form (${goQuote(canonical)})`))
}
