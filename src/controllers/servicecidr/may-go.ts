import type { networking } from '../../api/generated/types/index.ts'
import { containsIp, type IpRange, parseCidr, parseIp } from '../../apimachinery/ip-address.ts'

type ServiceCIDR = networking.v1.ServiceCIDR

export const rangesOfCidr = ({ spec }: ServiceCIDR): readonly IpRange[] =>
  (spec?.cidrs ?? []).flatMap((cidr) => parseCidr(cidr) ?? [])

/** Whether all of `inner` is in `outer`. */
const containsRange = (outer: IpRange, inner: IpRange): boolean =>
  outer.prefixBits <= inner.prefixBits && containsIp(outer, inner.base)

export const overlap = (a: IpRange, b: IpRange): boolean => containsRange(a, b) || containsRange(b, a)

/** The ranges that hold an address. */
export function holding(ip: string, cidrs: readonly ServiceCIDR[]): readonly ServiceCIDR[] {
  const address = parseIp(ip)
  if (address === undefined) return []
  return cidrs.filter((cidr) => rangesOfCidr(cidr).some((range) => containsIp(range, address)))
}

/** Whether no address would be left without a range if `cidr` went; `cidrs` are all, `addresses` those in use. */
export function mayGo(
  cidr: ServiceCIDR,
  cidrs: readonly ServiceCIDR[],
  addresses: readonly string[],
): boolean {
  const others = cidrs.filter(({ metadata }) => metadata?.name !== cidr.metadata?.name)
  const isCovered = (range: IpRange): boolean =>
    others.some((other) => rangesOfCidr(other).some((outer) => containsRange(outer, range)))
  if (rangesOfCidr(cidr).every(isCovered)) return true
  return addresses.every((ip) => holding(ip, [cidr]).length === 0 || holding(ip, others).length > 0)
}
