import { isIP } from 'node:net'

/** The name servers in a resolv.conf(5), in their order. */
export function nameservers(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((address) => isIP(address.split('%')[0] ?? '') !== 0)
}
