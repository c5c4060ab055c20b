import { formatIp, isIpv4Mapped, parseIp } from '../../apimachinery/ip-address.ts'
import type { RequestSource } from '../request.ts'

/** As Go prints it; nothing for what is no address. */
function shown(text: string): readonly string[] {
  const address = text === '' ? undefined : parseIp(text, { allowLeadingZeros: true })
  if (address === undefined) return []
  const plain = isIpv4Mapped(address)
    ? ({ family: 4, value: address.value & 0xffff_ffffn } as const)
    : address
  return [formatIp(plain)]
}

/** Whom a request says that it came through, and last the address that it did come from: only that one is sure. */
export function sourceAddresses(source: RequestSource): readonly string[] {
  const addresses = (source.header('x-forwarded-for') ?? '').split(',').flatMap((text) => shown(text.trim()))
  for (const real of shown(source.header('x-real-ip') ?? ''))
    if (!addresses.includes(real)) addresses.push(real)
  for (const remote of shown(source.connection.remoteAddress))
    if (addresses.at(-1) !== remote) addresses.push(remote)
  return addresses
}
