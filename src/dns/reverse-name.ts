import { formatIp } from '../apimachinery/ip-address.ts'

const ipv4Suffix = '.in-addr.arpa'
const ipv6Suffix = '.ip6.arpa'

/** The address that a name for reverse lookups stands for; undefined for other names and for parts of addresses. */
export function addressOfReverseName(name: string): string | undefined {
  if (name.endsWith(ipv4Suffix)) {
    const labels = name.slice(0, -ipv4Suffix.length).split('.')
    const valid =
      labels.length === 4 && labels.every((label) => /^\d{1,3}$/.test(label) && Number(label) < 256)
    return valid ? labels.map(Number).reverse().join('.') : undefined
  }
  if (!name.endsWith(ipv6Suffix)) return undefined
  const labels = name.slice(0, -ipv6Suffix.length).split('.')
  if (labels.length !== 32 || !labels.every((label) => /^[0-9a-f]$/.test(label))) return undefined
  return formatIp({ family: 6, value: BigInt(`0x${labels.reverse().join('')}`) })
}
