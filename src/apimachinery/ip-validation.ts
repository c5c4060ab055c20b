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
import type { Complaints } from './names.ts'

function legacyComplaints(text: string, ip: IpAddress | undefined): Complaints {
  if (ip !== undefined) return isIpv4Mapped(ip) ? ['must not be an IPv4-mapped IPv6 address'] : []
  return [
    parseIp(text, { allowLeadingZeros: true }) === undefined
      ? 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
      : 'must not have leading 0s',
  ]
}

/** What is wrong with a text that has to be a canonical address. */
export function ipComplaints(text: string): Complaints {
  const ip = parseIp(text)
  const complaints = legacyComplaints(text, ip)
  if (ip === undefined || complaints.length > 0) return complaints
  const canonical = formatIp(ip)
  return text === canonical ? [] : [`must be in canonical form (${goQuote(canonical)})`]
}

/** Upstream's check of fields that took any spelling of an address; `known` are those that the old object had. */
export function validateLegacyIp(
  text: string,
  where: Where,
  errors: FieldError[],
  known: readonly string[] = [],
): void {
  if (known.includes(text)) return
  for (const complaint of legacyComplaints(text, parseIp(text)))
    errors.push(invalidValue(where, text, complaint))
}

/** A canonical address: what newer fields want. */
export function validateIp(text: string, where: Where, errors: FieldError[]): void {
  for (const complaint of ipComplaints(text)) errors.push(invalidValue(where, text, complaint))
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
