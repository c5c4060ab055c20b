import { isIP } from 'node:net'

export type IpFamily = 'IPv4' | 'IPv6'

/** Undefined for what is no address (`None`, empty). */
export function familyOf(address: string): IpFamily | undefined {
  const version = isIP(address)
  return version === 4 ? 'IPv4' : version === 6 ? 'IPv6' : undefined
}

export function familyOfCidr(cidr: string): IpFamily | undefined {
  return familyOf(cidr.slice(0, Math.max(cidr.indexOf('/'), 0)))
}

/** nftables' words for a family. */
export interface FamilyWords {
  /** Of tables, and before `saddr` and `daddr`. */
  readonly ip: 'ip' | 'ip6'
  readonly address: 'ipv4_addr' | 'ipv6_addr'
  readonly notLoopback: string
}

export const familyWords: Readonly<Record<IpFamily, FamilyWords>> = {
  IPv4: { ip: 'ip', address: 'ipv4_addr', notLoopback: 'ip daddr != 127.0.0.0/8' },
  IPv6: { ip: 'ip6', address: 'ipv6_addr', notLoopback: 'ip6 daddr != ::1' },
}
