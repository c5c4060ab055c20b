export interface MasqueradeOptions {
  /** Of nftables, ours alone. */
  readonly table: string
  /** This node's pods. */
  readonly podCidr: string
  /** All pods; what goes to them keeps its sender's address. */
  readonly clusterCidr: string
}

/** nft commands by which pods leave the cluster under their node's address, whatever the table held before. */
export function masqueradeRules({ table, podCidr, clusterCidr }: MasqueradeOptions): readonly string[] {
  const ip = podCidr.includes(':') ? 'ip6' : 'ip'
  const multicast = ip === 'ip6' ? 'ff00::/8' : '224.0.0.0/4'
  const name = `${ip} ${table}`
  return [
    ...removeMasqueradeRules(table, podCidr),
    `add table ${name} { comment "pods that leave the cluster"; }`,
    `add chain ${name} postrouting { type nat hook postrouting priority 100; }`,
    `add rule ${name} postrouting ${ip} saddr ${podCidr} ${ip} daddr != ${clusterCidr} ${ip} daddr != ${multicast} masquerade fully-random`,
  ]
}

/** Also where there is no such table. */
export function removeMasqueradeRules(table: string, podCidr: string): readonly string[] {
  const name = `${podCidr.includes(':') ? 'ip6' : 'ip'} ${table}`
  return [`add table ${name}`, `delete table ${name}`]
}
