export interface PodRulesOptions {
  /** Of nftables, ours alone. */
  readonly table: string
  /** This node's pods. */
  readonly podCidr: string
  /** All pods; what goes to them keeps its sender's address. */
  readonly clusterCidr: string
}

/** What the plugin `ptp` calls the node's end of a pod's wire. */
const podWires = '"veth*"'

/**
 * nft commands, whatever the table held before: pods leave the cluster under their node's address, and send
 * under no address but their own. The way back to a sender has to be the wire that its packet came by; before
 * conntrack, so that nothing is remembered of what is forged.
 */
export function podRules({ table, podCidr, clusterCidr }: PodRulesOptions): readonly string[] {
  const ip = podCidr.includes(':') ? 'ip6' : 'ip'
  const multicast = ip === 'ip6' ? 'ff00::/8' : '224.0.0.0/4'
  const name = `${ip} ${table}`
  return [
    ...removePodRules(table, podCidr),
    `add table ${name} { comment "the network of pods"; }`,
    `add chain ${name} prerouting { type filter hook prerouting priority raw; }`,
    `add rule ${name} prerouting iifname ${podWires} fib saddr . iif oif missing counter drop comment "forged senders"`,
    `add chain ${name} postrouting { type nat hook postrouting priority 100; }`,
    `add rule ${name} postrouting ${ip} saddr ${podCidr} ${ip} daddr != ${clusterCidr} ${ip} daddr != ${multicast} masquerade fully-random`,
  ]
}

/** Also where there is no such table. */
export function removePodRules(table: string, podCidr: string): readonly string[] {
  const name = `${podCidr.includes(':') ? 'ip6' : 'ip'} ${table}`
  return [`add table ${name}`, `delete table ${name}`]
}
