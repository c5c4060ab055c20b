import { bitsOf, type IpAddress, parseCidr } from '../../apimachinery/ip-address.ts'
import { isEmpty, noPorts, type PortSet, unite } from './port-set.ts'

export type Family = IpAddress['family']
export const families: readonly Family[] = [4, 6]

/** Addresses of one family, both ends included. */
export interface AddressRange {
  readonly first: bigint
  readonly last: bigint
}

/** Addresses that are spoken with at these ports. */
export interface Grant extends AddressRange {
  readonly ports: PortSet
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

/** Grants that overlap, as ranges that do not: sorted, each with everything that is granted to it. */
export function disjoint(grants: readonly Grant[]): readonly Grant[] {
  const edges: { readonly at: bigint; readonly grant: Grant; readonly opens: boolean }[] = []
  for (const grant of grants) {
    if (isEmpty(grant.ports)) continue
    edges.push({ at: grant.first, grant, opens: true }, { at: grant.last + 1n, grant, opens: false })
  }
  edges.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const result: Grant[] = []
  const open = new Set<Grant>()
  for (const [index, { at, grant, opens }] of edges.entries()) {
    if (opens) open.add(grant)
    else open.delete(grant)
    const next = edges[index + 1]?.at ?? at
    if (next === at || open.size === 0) continue
    const ports = unite([...open].map((each) => each.ports))
    result.push({ first: at, last: next - 1n, ports })
  }
  return result
}

/** What the one of `ranges` (sorted, without overlaps) that holds an address grants. */
export function portsAt(ranges: readonly Grant[], address: bigint): PortSet {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.last ?? 0n) < address) low = middle + 1
    else high = middle
  }
  const found = ranges[low]
  return found !== undefined && found.first <= address ? found.ports : noPorts
}
