import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, type Where } from '../../../apimachinery/field-errors.ts'
import {
  isWithin,
  linkLocalMulticastRanges,
  linkLocalRanges,
  loopbackRanges,
  parseIp,
} from '../../../apimachinery/ip-address.ts'

/** Addresses that no traffic can be sent to. */
const unreachable = [
  [loopbackRanges, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [linkLocalRanges, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [linkLocalMulticastRanges, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
] as const

/** An address that traffic can go to. */
export function validateEndpointIp(text: string, where: Where, errors: FieldError[]): void {
  const ip = parseIp(text, { allowLeadingZeros: true })
  if (ip === undefined) {
    errors.push(invalidValue(where, text, 'must be a valid IP address'))
    return
  }
  if (ip.value === 0n) errors.push(invalidValue(where, text, `may not be unspecified (${text})`))
  for (const [ranges, detail] of unreachable)
    if (isWithin(ip, ranges)) errors.push(invalidValue(where, text, detail))
}
