import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { bitsOf, formatIp, parseIp } from '../../apimachinery/ip-address.ts'

/** An address and the length of its network's prefix, in canonical form: `10.9.8.7/24`. */
export function validateInterfaceAddress(text: string, where: FieldPath, errors: FieldError[]): void {
  const [address = '', bits = '', ...more] = text.split('/')
  const ip = parseIp(address, { allowLeadingZeros: true })
  const prefixBits = /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (ip === undefined || more.length > 0 || prefixBits < 0 || prefixBits > bitsOf(ip.family)) {
    const detail = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'
    errors.push(invalidValue(where, text, detail))
    return
  }
  const canonical = `${formatIp(ip)}/${prefixBits}`
  if (text !== canonical)
    errors.push(invalidValue(where, text, `must be in canonical form (${goQuote(canonical)})`))
}
