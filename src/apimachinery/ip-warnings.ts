import type { Where } from './field-errors.ts'
import { goQuote } from './go-text.ts'
import {
  bitsOf,
  formatCidr,
  formatIp,
  hasHostBits,
  type IpAddress,
  isIpv4Mapped,
  parseCidr,
  parseIp,
} from './ip-address.ts'

const ipv4Of = ({ value }: IpAddress): IpAddress => ({ family: 4, value: value & 0xffff_ffffn })

/** What is odd about an address that is allowed for clients of old. */
export function ipWarnings(where: Where, text: string): readonly string[] {
  const ip = parseIp(text)
  const lenient = ip ?? parseIp(text, { allowLeadingZeros: true })
  if (lenient === undefined) return []
  const canonical = goQuote(formatIp(isIpv4Mapped(lenient) ? ipv4Of(lenient) : lenient))
  if (ip === undefined || isIpv4Mapped(ip))
    return [`${where}: non-standard IP address ${goQuote(text)} is invalid: use ${canonical}`]
  if (ip.family === 4 || formatIp(ip) === text) return []
  return [`${where}: IPv6 address ${goQuote(text)} should be in RFC 5952 canonical format (${canonical})`]
}

export function cidrWarnings(where: Where, text: string): readonly string[] {
  const range = parseCidr(text)
  const lenient = range ?? parseCidr(text, { allowLeadingZeros: true })
  if (lenient === undefined) return []
  const canonical = goQuote(formatCidr(lenient))
  const quoted = goQuote(text)
  const warnings: string[] = []
  if (hasHostBits(text)) {
    const base = parseIp(text.slice(0, text.indexOf('/')))
    const single = base === undefined ? '' : goQuote(`${formatIp(base)}/${bitsOf(base.family)}`)
    warnings.push(
      `${where}: CIDR value ${quoted} is ambiguous in this context (should be ${canonical} or ${single}?)`,
    )
  }
  if (range === undefined || isIpv4Mapped(range.base))
    warnings.push(`${where}: non-standard CIDR value ${quoted} is invalid: use ${canonical}`)
  if (warnings.length > 0 || lenient.base.family === 4 || formatCidr(lenient) === text) return warnings
  return [`${where}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${canonical})`]
}
