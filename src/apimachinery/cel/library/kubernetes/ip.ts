import { goQuote } from '../../../go-text.ts'
import {
  formatIp,
  type IpAddress,
  type IpRange,
  isIpv4Mapped,
  isWithin,
  linkLocalRanges,
  loopbackRanges,
  parseCidr,
  parseIp,
} from '../../../ip-address.ts'
import { boolType, type CelType, intType, opaqueType, stringType } from '../../types/type.ts'
import { CelError, type Equality, noSuchOverload, Opaque, type Value } from '../../values/value.ts'
import { declare, type FunctionDeclaration, fn1, method1, parameters } from '../declare.ts'

export const ipType: CelType = opaqueType('net.IP')

export class IpValue extends Opaque {
  readonly address: IpAddress

  constructor(address: IpAddress) {
    super()
    this.address = address
  }

  get type(): CelType {
    return ipType
  }

  override get size(): number {
    return this.address.family === 4 ? 4 : 16
  }

  equals(other: Value): Equality {
    if (!(other instanceof IpValue)) return noSuchOverload()
    return other.address.family === this.address.family && other.address.value === this.address.value
  }

  toString(): string {
    return formatIp(this.address)
  }
}

/** Why Go's parser takes a text for no IPv4 address. */
function ipv4Complaint(text: string): string {
  const at = (index: number): string => ` (at ${goQuote(text.slice(index))})`
  const fields = text.split('.')
  let index = 0
  for (const [place, field] of fields.entries()) {
    const stray = /\D/.exec(field)
    if (stray !== null) return `unexpected character${at(index + stray.index)}`
    if (field === '') return `IPv4 field must have at least one digit${at(Math.max(index - 1, 0))}`
    if (field.length > 1 && field.startsWith('0')) return 'IPv4 field has octet with leading zero'
    if (Number(field) > 255) return 'IPv4 field has value >255'
    if (place === 4) return 'IPv4 address too long'
    index += field.length + 1
  }
  return 'IPv4 address too short'
}

/** An address as Go's `netip.ParseAddr` reads it, or its complaint. */
export function parseAddress(text: string): IpAddress | string {
  const [bare = '', zone] = text.split('%')
  const address = zone === '' ? undefined : parseIp(bare)
  if (address !== undefined && (zone === undefined || address.family === 6)) return address
  const separator = /[.:%]/.exec(text)?.[0]
  const complaint = separator === '.' ? ipv4Complaint(text) : 'unable to parse IP'
  return `ParseAddr(${goQuote(text)}): ${complaint}`
}

/** An address that expressions may use: without a zone, and not an IPv4 address in IPv6's clothes. */
export function parseIpValue(text: string): IpValue | CelError {
  const address = parseAddress(text)
  const quoted = goQuote(text)
  if (typeof address === 'string') {
    return new CelError(`IP Address ${quoted} parse error during conversion from string: ${address}`)
  }
  if (text.includes('%')) return new CelError(`IP address ${quoted} with zone value is not allowed`)
  if (isIpv4Mapped(address)) return new CelError(`IPv4-mapped IPv6 address ${quoted} is not allowed`)
  return new IpValue(address)
}

const rangesOf = (...texts: readonly string[]): readonly IpRange[] =>
  texts.flatMap((text) => parseCidr(text) ?? [])
const linkLocalMulticast = rangesOf('224.0.0.0/24')
const multicast = rangesOf('224.0.0.0/4', 'ff00::/8')
const broadcast = rangesOf('255.255.255.255/32')

/** The scope in an IPv6 multicast address is link-local, whatever its flags. */
const isLinkLocalMulticast = (address: IpAddress): boolean =>
  address.family === 4
    ? isWithin(address, linkLocalMulticast)
    : ((address.value >> 112n) & 0xff0fn) === 0xff02n

const isGlobalUnicast = (address: IpAddress): boolean =>
  address.value !== 0n &&
  ![broadcast, loopbackRanges, multicast, linkLocalRanges].some((ranges) => isWithin(address, ranges))

const { string } = parameters
export const ipParameter = parameters.opaque(ipType, (value): value is IpValue => value instanceof IpValue)

const test = (name: string, id: string, holds: (address: IpAddress) => boolean): FunctionDeclaration =>
  declare(
    name,
    method1(id, ipParameter, boolType, ({ address }) => holds(address)),
  )

function isCanonical(text: string): Value {
  const parsed = parseIpValue(text)
  return parsed instanceof CelError ? parsed : parsed.toString() === text
}

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-ip-address-library */
export const ipFunctions: readonly FunctionDeclaration[] = [
  declare('ip', fn1('string_to_ip', string, ipType, parseIpValue)),
  declare(
    'family',
    method1('ip_family', ipParameter, intType, ({ address }) => address.family),
  ),
  declare('ip.isCanonical', fn1('ip_is_canonical', string, boolType, isCanonical)),
  test('isUnspecified', 'ip_is_unspecified', ({ value }) => value === 0n),
  test('isLoopback', 'ip_is_loopback', (address) => isWithin(address, loopbackRanges)),
  test('isLinkLocalMulticast', 'ip_is_link_local_multicast', isLinkLocalMulticast),
  test('isLinkLocalUnicast', 'ip_is_link_local_unicast', (address) => isWithin(address, linkLocalRanges)),
  test('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
  declare(
    'isIP',
    fn1('is_ip', string, boolType, (text) => parseIpValue(text) instanceof IpValue),
  ),
  declare('string', fn1('ip_to_string', ipParameter, stringType, String)),
]
