import { bitsOf, type IpAddress, parseCidr } from '../../apimachinery/ip-address.ts'
import type { Claim } from './verdict.ts'

export type Family = IpAddress['family']
export const families: readonly Family[] = [4, 6]

/** Addresses of one family, both ends included. */
export interface AddressRange {
  readonly first: bigint
  readonly last: bigint
}

/** What a rule says of addresses. */
export interface RangeClaim extends AddressRange, Claim {}

export interface ClaimedRange extends AddressRange {
  readonly claims: readonly Claim[]
}

export const everyAddress = (family: Family): AddressRange => ({
  first: 0n,
  last: (1n << BigInt(bitsOf(family))) - 1n,
})

/** The addresses of a CIDR that are in none of `except`; undefined where the text is no CIDR. */
export function blockRanges(
  cidr: string,
  except: readonly string[],
): { readonly family: Family; readonly ranges: readonly AddressRange[] } | undefined {
  const block = rangeOf(cidr)
  if (block === undefined) return undefined
  let ranges: readonly AddressRange[] = [block.range]
  for (const text of except) {
    const hole = rangeOf(text)
    if (hole?.family === block.family) ranges = ranges.flatMap((range) => without(range, hole.range))
  }
  return { family: block.family, ranges }
}

function rangeOf(cidr: string): { readonly family: Family; readonly range: AddressRange } | undefined {
  const parsed = parseCidr(cidr)
  if (parsed === undefined) return undefined
  const { family, value } = parsed.base
  const size = 1n << BigInt(bitsOf(family) - parsed.prefixBits)
  return { family, range: { first: value, last: value + size - 1n } }
}

function without(range: AddressRange, hole: AddressRange): readonly AddressRange[] {
  if (hole.last < range.first || hole.first > range.last) return [range]
  const before = { first: range.first, last: hole.first - 1n }
  const after = { first: hole.last + 1n, last: range.last }
  return [before, after].filter(({ first, last }) => first <= last)
}

/** Claims that overlap, as ranges that do not: sorted, each with all claims to it. */
export function disjoint(claims: readonly RangeClaim[]): readonly ClaimedRange[] {
  const edges: { readonly at: bigint; readonly claim: RangeClaim; readonly opens: boolean }[] = []
  for (const claim of claims) {
    edges.push({ at: claim.first, claim, opens: true }, { at: claim.last + 1n, claim, opens: false })
  }
  edges.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const result: ClaimedRange[] = []
  const open = new Set<RangeClaim>()
  for (const [index, { at, claim, opens }] of edges.entries()) {
    if (opens) open.add(claim)
    else open.delete(claim)
    const next = edges[index + 1]?.at ?? at
    if (next !== at && open.size > 0) result.push({ first: at, last: next - 1n, claims: [...open] })
  }
  return result
}

/** The claims of the one of `ranges` (sorted, without overlaps) that holds an address. */
export function claimsAt(ranges: readonly ClaimedRange[], address: bigint): readonly Claim[] {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.last ?? 0n) < address) low = middle + 1
    else high = middle
  }
  const found = ranges[low]
  return found !== undefined && found.first <= address ? found.claims : []
}
