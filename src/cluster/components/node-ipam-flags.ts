import { type IpRange, parseCidr } from '../../apimachinery/ip-address.ts'
import type { NodeIpamOptions } from '../../controllers/nodeipam/node-ipam-controller.ts'
import { boolean, int, text } from './flags/flag-types.ts'
import { FlagError, type FlagValues } from './flags/parse-flags.ts'

const bits = (usage: string) => int(usage, 0, { min: 0, max: 128 })

export const nodeIpamFlags = {
  'allocate-node-cidrs': boolean('Nodes get a part of the pods’ addresses each.', false),
  'cluster-cidr': text('Addresses of pods: one range, or one of each address family, with commas.'),
  'node-cidr-mask-size': bits('Prefix length of each node’s part of them; 24, and 64 for IPv6, where 0.'),
  'node-cidr-mask-size-ipv4': bits('The same for IPv4 alone.'),
  'node-cidr-mask-size-ipv6': bits('The same for IPv6 alone.'),
  'service-cluster-ip-range': text('Addresses of Services, which no node gets.'),
}

type Values = FlagValues<typeof nodeIpamFlags>

function parse(flag: string, list: string): readonly (readonly [text: string, range: IpRange])[] {
  return list
    .split(',')
    .map((cidr) => cidr.trim())
    .filter((cidr) => cidr !== '')
    .map((cidr) => {
      const range = parseCidr(cidr)
      if (range === undefined) throw new FlagError(`--${flag}: invalid CIDR address: ${cidr}`)
      return [cidr, range] as const
    })
}

/** By upstream's rules: the families' own sizes with two families, or in place of the common one. */
function sizes(values: Values, families: readonly (4 | 6)[]): Readonly<Record<4 | 6, number>> {
  const common = values['node-cidr-mask-size']
  const v4 = values['node-cidr-mask-size-ipv4']
  const v6 = values['node-cidr-mask-size-ipv6']
  const refuse = (what: string): never => {
    throw new FlagError(`usage of ${what}`)
  }
  if (families.length > 1 && common !== 0) {
    refuse('--node-cidr-mask-size is not allowed with dual-stack clusters')
  }
  if (common !== 0 && (v4 !== 0 || v6 !== 0)) {
    refuse(
      '--node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6 is not allowed if --node-cidr-mask-size is set. For dual-stack clusters please unset it and use IPFamily specific flags',
    )
  }
  if (v4 !== 0 && !families.includes(4)) {
    refuse('--node-cidr-mask-size-ipv4 is not allowed for a single-stack IPv6 cluster')
  }
  if (v6 !== 0 && !families.includes(6)) {
    refuse('--node-cidr-mask-size-ipv6 is not allowed for a single-stack IPv4 cluster')
  }
  return { 4: v4 || common || 24, 6: v6 || common || 64 }
}

/** Undefined where nodes are given nothing. Throws FlagError. */
export function nodeIpamOptions(values: Values): NodeIpamOptions | undefined {
  if (!values['allocate-node-cidrs']) return undefined
  const clusters = parse('cluster-cidr', values['cluster-cidr'])
  if (clusters.length === 0) throw new FlagError('--allocate-node-cidrs needs --cluster-cidr')
  const families = clusters.map(([, { base }]) => base.family)
  if (clusters.length > 1 && new Set(families).size === 1) {
    throw new FlagError(
      `len of ClusterCIDRs==${clusters.length} and they are not configured as dual stack (at least one from each IPFamily`,
    )
  }
  if (clusters.length > 2) {
    throw new FlagError(`length of clusterCIDRs is:${clusters.length} more than max allowed of 2`)
  }
  const nodeBits = sizes(values, families)
  for (const [cidr, { base, prefixBits }] of clusters) {
    if (nodeBits[base.family] < prefixBits) {
      throw new FlagError(`a /${nodeBits[base.family]} does not fit into --cluster-cidr ${cidr}`)
    }
  }
  return {
    ranges: clusters.map(([cidr, { base }]) => ({ cidr, nodeBits: nodeBits[base.family] })),
    serviceCidrs: parse('service-cluster-ip-range', values['service-cluster-ip-range']).map(([cidr]) => cidr),
  }
}
