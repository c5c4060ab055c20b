export interface Chain {
  /** nft's braces for a hooked chain: `{ type filter hook … }`; '' for a plain one. */
  readonly definition: string
  readonly rules: readonly string[]
}

/** A set or a map of a table. */
export interface Container {
  readonly kind: 'set' | 'map'
  /** As nft writes it: `ipv4_addr : verdict`. */
  readonly type: string
  /** Keys are ranges. */
  readonly interval: boolean
  /** Key → verdict; '' in sets. */
  readonly elements: ReadonlyMap<string, string>
}

/** Everything in a table of nftables. */
export interface TableContent {
  readonly chains: ReadonlyMap<string, Chain>
  readonly containers: ReadonlyMap<string, Container>
}
