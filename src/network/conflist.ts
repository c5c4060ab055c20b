export interface ConflistOptions {
  /** Tells this node's network from every other on the machine; also part of the names of CNI's cache files. */
  readonly networkName: string
  readonly podCidr: string
  /** Where `host-local` remembers which addresses are taken. */
  readonly addressesDir: string
  /** The kernel's default (1500 for a veth) when absent. */
  readonly mtu?: number
}

/** Understood by every plugin and runtime of the last years; nothing here needs a later one. */
const cniVersion = '0.4.0'

/**
 * The CNI configuration of a node. `ptp` gives each pod a wire of its own to the node, so that all traffic of
 * pods is routed: that between two pods of a node passes the rules of Services and policies without
 * bridge-nf, and there is no bridge to be left over.
 */
export function conflist(options: ConflistOptions): string {
  const { networkName, podCidr, addressesDir, mtu } = options
  const everywhere = podCidr.includes(':') ? '::/0' : '0.0.0.0/0'
  const content = {
    cniVersion,
    name: networkName,
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ...(mtu === undefined ? {} : { mtu }),
        ipam: {
          type: 'host-local',
          dataDir: addressesDir,
          ranges: [[{ subnet: podCidr }]],
          routes: [{ dst: everywhere }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
      // Pods' annotations kubernetes.io/ingress-bandwidth and egress-bandwidth, which the runtime reads.
      { type: 'bandwidth', capabilities: { bandwidth: true } },
    ],
  }
  return `${JSON.stringify(content, undefined, 2)}\n`
}
