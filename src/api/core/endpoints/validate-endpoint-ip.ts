import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, type Where } from '../../../apimachinery/field-errors.ts'
import {
  isLinkLocalIp,
  isLinkLocalMulticastIp,
  isLoopbackIp,
  isUnspecifiedIp,
  parseIp,
} from '../../../apimachinery/ip-address.ts'

/** An address that traffic can go to. */
export function validateEndpointIp(ip: string, where: Where, errors: FieldError[]): void {
  if (parseIp(ip, { allowLeadingZeros: true }) === undefined)
    errors.push(invalidValue(where, ip, 'must be a valid IP address'))
  else if (isUnspecifiedIp(ip)) errors.push(invalidValue(where, ip, `may not be unspecified (${ip})`))
  else if (isLoopbackIp(ip))
    errors.push(invalidValue(where, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  else if (isLinkLocalIp(ip)) {
    const detail = 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'
    errors.push(invalidValue(where, ip, detail))
  } else if (isLinkLocalMulticastIp(ip)) {
    const detail = 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'
    errors.push(invalidValue(where, ip, detail))
  }
}
