/** Sets and maps of the table that Services put elements into. */
export const containers = [
  'cluster-ips',
  'service-ips',
  'firewall-ips',
  'no-endpoint-services',
  'no-endpoint-nodeports',
  'service-nodeports',
  'hairpin-connections',
] as const

export type ContainerName = (typeof containers)[number]

export interface RuleElement {
  readonly container: ContainerName
  /** As nft writes it: `10.96.0.1 . tcp . 443`. */
  readonly key: string
  /** A verdict; '' in sets. */
  readonly value: string
}

/** Everything that one port of one Service has in the table. */
export interface RuleFragment {
  /** Chain → its rules, in order. */
  readonly chains: ReadonlyMap<string, readonly string[]>
  readonly affinitySets: readonly string[]
  readonly elements: readonly RuleElement[]
}
