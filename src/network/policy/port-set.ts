/** The protocols that policies speak of. */
export const protocols = ['TCP', 'UDP', 'SCTP'] as const
export type Protocol = (typeof protocols)[number]

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Ports that may be spoken to. */
export interface PortSet {
  /** Protocols besides those that policies speak of: ICMP, and whatever has no ports. */
  readonly others: boolean
  /** Sorted; no two overlap or touch. */
  readonly ranges: ReadonlyMap<Protocol, readonly PortRange[]>
}

const lastPort = 65_535
const everyPort: PortRange = { first: 0, last: lastPort }
export const noPorts: PortSet = { others: false, ranges: new Map() }
export const allPorts: PortSet = {
  others: true,
  ranges: new Map(protocols.map((protocol) => [protocol, [everyPort]])),
}

/** Every port of the protocol where no range is given. */
export const portsOf = (protocol: Protocol, range = everyPort): PortSet => ({
  others: false,
  ranges: new Map([[protocol, [range]]]),
})

const isEvery = ([range, ...more]: readonly PortRange[] = []): boolean =>
  more.length === 0 && range?.first === 0 && range.last === lastPort

export const isAll = (set: PortSet): boolean =>
  set === allPorts || (set.others && protocols.every((protocol) => isEvery(set.ranges.get(protocol))))

export const isEmpty = (set: PortSet): boolean => !set.others && set.ranges.size === 0

function merged(ranges: readonly PortRange[]): readonly PortRange[] {
  const result: PortRange[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = result.at(-1)
    if (previous === undefined || range.first > previous.last + 1) result.push(range)
    else result[result.length - 1] = { ...previous, last: Math.max(previous.last, range.last) }
  }
  return result
}

const without = (range: PortRange, hole: PortRange): readonly PortRange[] =>
  hole.last < range.first || hole.first > range.last
    ? [range]
    : [
        { first: range.first, last: hole.first - 1 },
        { first: hole.last + 1, last: range.last },
      ].filter(({ first, last }) => first <= last)

/** Protocols that have no range left are no part of a set. */
function ofRanges(others: boolean, of: (protocol: Protocol) => readonly PortRange[]): PortSet {
  const ranges = new Map<Protocol, readonly PortRange[]>()
  for (const protocol of protocols) {
    const left = of(protocol)
    if (left.length > 0) ranges.set(protocol, left)
  }
  return { others, ranges }
}

export function unite(sets: readonly PortSet[]): PortSet {
  const [only = noPorts] = sets
  if (sets.length < 2) return only
  const all = sets.find(isAll)
  if (all !== undefined) return allPorts
  return ofRanges(
    sets.some(({ others }) => others),
    (protocol) => merged(sets.flatMap(({ ranges }) => ranges.get(protocol) ?? [])),
  )
}

export function subtract(set: PortSet, taken: PortSet): PortSet {
  if (isEmpty(taken)) return set
  return ofRanges(set.others && !taken.others, (protocol) => {
    let left = set.ranges.get(protocol) ?? []
    for (const hole of taken.ranges.get(protocol) ?? []) left = left.flatMap((range) => without(range, hole))
    return left
  })
}

export const intersect = (a: PortSet, b: PortSet): PortSet =>
  isAll(a) ? b : isAll(b) ? a : subtract(a, subtract(a, b))

const rangeText = ({ first, last }: PortRange): string => (first === last ? `${first}` : `${first}-${last}`)

/** nft's rules of a chain that returns for these ports and drops the rest; equal sets have equal rules. */
export function portRules({ others, ranges }: PortSet): readonly string[] {
  const rules: string[] = []
  for (const protocol of protocols) {
    const ofIt = ranges.get(protocol)
    if (ofIt === undefined) continue
    const name = protocol.toLowerCase()
    rules.push(
      isEvery(ofIt)
        ? `meta l4proto ${name} return`
        : `${name} dport { ${ofIt.map(rangeText).join(', ')} } return`,
    )
  }
  if (others) rules.push('meta l4proto != { tcp, udp, sctp } return')
  return [...rules, 'counter drop']
}
