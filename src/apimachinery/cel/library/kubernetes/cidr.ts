import { goQuote } from '../../../go-text.ts'
import { bitsOf, containsIp, formatIp, type IpAddress, isIpv4Mapped } from '../../../ip-address.ts'
import { boolType, type CelType, intType, opaqueType, stringType } from '../../types/type.ts'
import { CelError, type Equality, noSuchOverload, Opaque, type Value } from '../../values/value.ts'
import { declare, type FunctionDeclaration, fn1, method1, method2, parameters } from '../declare.ts'
import { IpValue, ipParameter, ipType, parseAddress, parseIpValue } from './ip.ts'

export const cidrType: CelType = opaqueType('net.CIDR')

/** A prefix; the address may have bits after it. */
class CidrValue extends Opaque {
  readonly address: IpAddress
  readonly bits: number

  constructor(address: IpAddress, bits: number) {
    super()
    this.address = address
    this.bits = bits
  }

  get type(): CelType {
    return cidrType
  }

  override get size(): number {
    return Math.ceil(this.bits / 8)
  }

  equals(other: Value): Equality {
    if (!(other instanceof CidrValue)) return noSuchOverload()
    return (
      other.bits === this.bits &&
      other.address.family === this.address.family &&
      other.address.value === this.address.value
    )
  }

  toString(): string {
    return `${formatIp(this.address)}/${this.bits}`
  }

  contains(address: IpAddress): boolean {
    return containsIp({ base: this.address, prefixBits: this.bits }, address)
  }

  masked(): CidrValue {
    const { family, value } = this.address
    const hostBits = BigInt(bitsOf(family) - this.bits)
    return new CidrValue({ family, value: (value >> hostBits) << hostBits }, this.bits)
  }
}

/** A prefix as Go's `netip.ParsePrefix` reads it, or its complaint. */
function parsePrefix(text: string): CidrValue | string {
  const fail = (complaint: string): string => `netip.ParsePrefix(${goQuote(text)}): ${complaint}`
  const slash = text.lastIndexOf('/')
  if (slash < 0) return fail("no '/'")
  const address = parseAddress(text.slice(0, slash))
  if (typeof address === 'string') return fail(address)
  if (text.includes('%')) return fail('IPv6 zones cannot be present in a prefix')
  const digits = text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d*)$/.test(digits)) return fail(`bad bits after slash: ${goQuote(digits)}`)
  if (Number(digits) > bitsOf(address.family)) return fail('prefix length out of range')
  return new CidrValue(address, Number(digits))
}

const prefix = 'network address parse error during conversion from string: '

function parse(text: string): CidrValue | CelError {
  const parsed = parsePrefix(text)
  if (typeof parsed === 'string') return new CelError(`${prefix}${prefix}${parsed}`)
  if (isIpv4Mapped(parsed.address)) {
    return new CelError(`${prefix}IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`)
  }
  return parsed
}

const containsPrefix = (outer: CidrValue, inner: CidrValue): boolean =>
  outer.bits <= inner.bits && outer.contains(inner.address)

const containsAddress = (range: CidrValue, ip: IpValue): boolean => range.contains(ip.address)

/** As upstream, which for what is no address does not tell what is wrong with it. */
function containsAddressText(range: CidrValue, text: string): Value {
  const ip = parseIpValue(text)
  return ip instanceof CelError ? noSuchOverload() : containsAddress(range, ip)
}

function containsPrefixText(range: CidrValue, text: string): Value {
  const inner = parse(text)
  return inner instanceof CelError ? inner : containsPrefix(range, inner)
}

const { string } = parameters
const cidr = parameters.opaque(cidrType, (value): value is CidrValue => value instanceof CidrValue)

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-cidr-library */
export const cidrFunctions: readonly FunctionDeclaration[] = [
  declare('cidr', fn1('string_to_cidr', string, cidrType, parse)),
  declare(
    'containsIP',
    method2('cidr_contains_ip_string', cidr, string, boolType, containsAddressText),
    method2('cidr_contains_ip_ip', cidr, ipParameter, boolType, containsAddress),
  ),
  declare(
    'containsCIDR',
    method2('cidr_contains_cidr_string', cidr, string, boolType, containsPrefixText),
    method2('cidr_contains_cidr', cidr, cidr, boolType, containsPrefix),
  ),
  declare(
    'ip',
    method1('cidr_ip', cidr, ipType, ({ address }) => new IpValue(address)),
  ),
  declare(
    'prefixLength',
    method1('cidr_prefix_length', cidr, intType, ({ bits }) => bits),
  ),
  declare(
    'masked',
    method1('cidr_masked', cidr, cidrType, (range) => range.masked()),
  ),
  declare(
    'isCIDR',
    fn1('is_cidr', string, boolType, (text) => parse(text) instanceof CidrValue),
  ),
  declare('string', fn1('cidr_to_string', cidr, stringType, String)),
]
