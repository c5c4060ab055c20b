/** An IPv4 or IPv6 address as a number; its text form is canonical (RFC 5952 for IPv6). */
export interface IpAddress {
  readonly family: 4 | 6
  readonly value: bigint
}

export interface IpRange {
  /** The first address, host bits cleared. */
  readonly base: IpAddress
  readonly prefixBits: number
}

const ipv4Part = /^\d{1,3}$/
const ipv6Part = /^[0-9a-fA-F]{1,4}$/

export const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128)

function parseIpv4(text: string, allowLeadingZeros: boolean): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!ipv4Part.test(part) || Number(part) > 255) return undefined
    if (!allowLeadingZeros && part.length > 1 && part.startsWith('0')) return undefined
    value = value * 256 + Number(part)
  }
  return BigInt(value)
}

/** The groups on one side of `::`; a dotted IPv4 address may stand for the last two. */
function parseGroups(text: string, allowLeadingZeros: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const ipv4 = parseIpv4(part, allowLeadingZeros)
      if (ipv4 === undefined) return undefined
      groups.push(Number(ipv4 >> 16n), Number(ipv4 & 0xffffn))
    } else if (ipv6Part.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function parseIpv6(text: string, allowLeadingZeros: boolean): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] ?? '', allowLeadingZeros)
  const tail = parseGroups(halves[1] ?? '', allowLeadingZeros)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0 || text === '') return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n)
}

export interface IpOptions {
  /** Take `010.0.0.1` as decimal, as the API once did. */
  readonly allowLeadingZeros?: boolean
}

/** undefined if the text is no IP address. An IPv4-mapped IPv6 address stays IPv6. */
export function parseIp(text: string, options: IpOptions = {}): IpAddress | undefined {
  const lenient = options.allowLeadingZeros === true
  const family = text.includes(':') ? 6 : 4
  const value = family === 6 ? parseIpv6(text, lenient) : parseIpv4(text, lenient)
  return value === undefined ? undefined : { family, value }
}

export const isIpv4Mapped = (ip: IpAddress): boolean => ip.family === 6 && ip.value >> 32n === 0xffffn

/** Where the longest run of two or more zero groups is. */
function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: -1, length: 1 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}

export function formatIp({ family, value }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - index * 16)) & 0xffffn),
  )
  const zeros = longestZeros(groups)
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (zeros.start < 0) return text(groups)
  return `${text(groups.slice(0, zeros.start))}::${text(groups.slice(zeros.start + zeros.length))}`
}

const prefixText = /^\d{1,3}$/

function parsePrefixed(text: string, options: IpOptions): IpRange | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const base = parseIp(text.slice(0, slash), options)
  const prefix = text.slice(slash + 1)
  if (base === undefined || !prefixText.test(prefix)) return undefined
  if (options.allowLeadingZeros !== true && prefix.length > 1 && prefix.startsWith('0')) return undefined
  const prefixBits = Number(prefix)
  return prefixBits <= bitsOf(base.family) ? { base, prefixBits } : undefined
}

/** A CIDR with its host bits cleared. */
export function parseCidr(text: string, options: IpOptions = {}): IpRange | undefined {
  const range = parsePrefixed(text, options)
  if (range === undefined) return undefined
  const hostBits = BigInt(bitsOf(range.base.family) - range.prefixBits)
  return { ...range, base: { ...range.base, value: (range.base.value >> hostBits) << hostBits } }
}

/** Whether the address in a CIDR's text is the first of its range. */
export function hasHostBits(text: string): boolean {
  const range = parsePrefixed(text, {})
  const masked = parseCidr(text)
  return range !== undefined && masked !== undefined && range.base.value !== masked.base.value
}

export const formatCidr = ({ base, prefixBits }: IpRange): string => `${formatIp(base)}/${prefixBits}`

export function containsIp(range: IpRange, ip: IpAddress): boolean {
  if (range.base.family !== ip.family) return false
  const hostBits = BigInt(bitsOf(ip.family) - range.prefixBits)
  return ip.value >> hostBits === range.base.value >> hostBits
}

export const isWithin = (ip: IpAddress, ranges: readonly IpRange[]): boolean =>
  ranges.some((range) => containsIp(range, ip))

/** Ranges from their texts; what is none is left out. */
export const rangesOf = (...texts: readonly string[]): readonly IpRange[] =>
  texts.flatMap((text) => parseCidr(text) ?? [])

export const loopbackRanges = rangesOf('127.0.0.0/8', '::1/128')
export const linkLocalRanges = rangesOf('169.254.0.0/16', 'fe80::/10')
export const linkLocalMulticastRanges = rangesOf('224.0.0.0/24', 'ff02::/16')

export function isLoopbackIp(text: string): boolean {
  const ip = parseIp(text)
  return ip !== undefined && isWithin(ip, loopbackRanges)
}
