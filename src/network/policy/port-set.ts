/** The protocols that policies speak of; all others pass only where every port does. */
export const protocols = ['TCP', 'UDP', 'SCTP'] as const
export type Protocol = (typeof protocols)[number]

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Ports that may be spoken to; 'all' includes protocols without ports. */
export type PortSet = 'all' | ReadonlyMap<Protocol, readonly PortRange[]>

export const noPorts: PortSet = new Map()
const lastPort = 65_535
export const everyPort: PortRange = { first: 0, last: lastPort }

/** Sorted, and what overlaps or touches is one range. */
function merged(ranges: readonly PortRange[]): readonly PortRange[] {
  const result: PortRange[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = result.at(-1)
    if (previous === undefined || range.first > previous.last + 1) result.push(range)
    else result[result.length - 1] = { ...previous, last: Math.max(previous.last, range.last) }
  }
  return result
}

export function unite(sets: readonly PortSet[]): PortSet {
  const [only = noPorts] = sets
  if (sets.length < 2) return only
  const result = new Map<Protocol, readonly PortRange[]>()
  for (const protocol of protocols) {
    const ranges: PortRange[] = []
    for (const set of sets) {
      if (set === 'all') return 'all'
      ranges.push(...(set.get(protocol) ?? []))
    }
    if (ranges.length > 0) result.set(protocol, merged(ranges))
  }
  return result
}

const rangeText = ({ first, last }: PortRange): string => (first === last ? `${first}` : `${first}-${last}`)

/** nft's rules of a chain that returns for these ports and drops the rest; equal sets have equal rules. */
export function portRules(set: Exclude<PortSet, 'all'>): readonly string[] {
  const rules: string[] = []
  for (const protocol of protocols) {
    const ranges = set.get(protocol)
    if (ranges === undefined) continue
    const name = protocol.toLowerCase()
    const [first] = ranges
    const every = first?.first === 0 && first.last === lastPort
    rules.push(
      every ? `meta l4proto ${name} return` : `${name} dport { ${ranges.map(rangeText).join(', ')} } return`,
    )
  }
  return [...rules, 'counter drop']
}

export const isEmpty = (set: PortSet): boolean => set !== 'all' && set.size === 0
