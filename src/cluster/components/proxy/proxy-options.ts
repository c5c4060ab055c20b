import type { core } from '../../../api/generated/types/index.ts'
import { containsIp, parseCidr, parseIp } from '../../../apimachinery/ip-address.ts'
import { familyOf, familyOfCidr, type IpFamily } from '../../../proxy/ip-family.ts'
import type { PodTraffic } from '../../../proxy/pod-traffic.ts'
import type { ListenAddress } from '../../../proxy/status-server.ts'
import { FlagError } from '../flags/parse-flags.ts'
import type { ProxyFlags } from './proxy-flags.ts'

const prefix = 'failed validate: KubeProxyConfiguration'
const invalid = (field: string, value: string, why: string): FlagError =>
  new FlagError(`${prefix}.${field}: Invalid value: ${JSON.stringify(value)}: ${why}`)

/** `0.0.0.0:10256`, `[::]:10256`, or an address alone; undefined for the empty one. Throws FlagError. */
export function listenAddress(field: string, text: string, usualPort: number): ListenAddress | undefined {
  if (text === '') return undefined
  if (familyOf(text) !== undefined) return { host: text, port: usualPort }
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):(.*)$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || port === undefined) throw invalid(field, text, 'must be IP:port')
  if (familyOf(host) === undefined) throw invalid(field, host, 'must be a valid IP')
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw invalid(field, port, 'must be a valid port')
  return { host, port: Number(port) }
}

/** What the flags say that is not to be, in upstream's words. Throws FlagError. */
export function checkProxyFlags(flags: ProxyFlags): void {
  const local = (field: string, text: string): void => {
    if (text === '') throw invalid(`DetectLocalConfiguration.${field}`, text, 'must not be empty')
    if (/[\s"/]/.test(text))
      throw invalid(`DetectLocalConfiguration.${field}`, text, 'must be an interface’s name')
  }
  const mode = flags['detect-local-mode']
  if (mode === 'BridgeInterface') local('BridgeInterface', flags['pod-bridge-interface'])
  if (mode === 'InterfaceNamePrefix') local('InterfacePrefix', flags['pod-interface-name-prefix'])
  const cidrs = flags['cluster-cidr']
  for (const [index, cidr] of cidrs.entries())
    if (parseCidr(cidr) === undefined)
      throw invalid(
        `DetectLocalConfiguration.ClusterCIDRs[${index}]`,
        cidr,
        'must be a valid CIDR block (e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48)',
      )
  if (cidrs.length > new Set(cidrs.map(familyOfCidr)).size)
    throw invalid(
      'DetectLocalConfiguration.ClusterCIDRs',
      cidrs.join(),
      'must be a either a single CIDR or dual-stack pair of CIDRs (e.g. [10.100.0.0/16, fde4:8dba:82e1::/48]',
    )
  const ranges = flags['nodeport-addresses']
  for (const [index, range] of ranges.entries()) {
    if (range === 'primary' && ranges.length === 1) return
    const why = range === 'primary' ? "can't use both 'primary' and CIDRs" : 'must be a valid CIDR'
    if (parseCidr(range) === undefined) throw invalid(`NodePortAddresses[${index}]`, range, why)
  }
}

/** A node's addresses, its own ones first; one of each family. */
function hostAddresses(node: core.v1.Node | undefined): readonly string[] {
  const all = node?.status?.addresses ?? []
  const ordered = ['InternalIP', 'ExternalIP'].flatMap((wanted) =>
    all.flatMap(({ type, address }) => (type === wanted && familyOf(address) !== undefined ? [address] : [])),
  )
  const [first, ...others] = ordered
  if (first === undefined) return []
  const second = others.find((each) => familyOf(each) !== familyOf(first))
  return second === undefined ? [first] : [first, second]
}

const loopback: Readonly<Record<IpFamily, string>> = { IPv4: '127.0.0.1', IPv6: '::1' }
const isUnspecified = (address: string | undefined): boolean =>
  address === undefined || ['0.0.0.0', '::'].includes(address)

/**
 * The node's own address of each family that the kernel speaks, that of its primary one first: `--bind-address`, what the
 * API says, or loopback. Throws where the primary one is not spoken.
 */
export function nodeAddresses(
  flags: ProxyFlags,
  node: core.v1.Node | undefined,
  speaksIpv6: boolean,
): readonly string[] {
  const given = isUnspecified(flags['bind-address']) ? undefined : flags['bind-address']
  const known = hostAddresses(node)
  const primary = familyOf(given ?? known[0] ?? loopback.IPv4) ?? 'IPv4'
  if (primary === 'IPv6' && !speaksIpv6) throw new Error('no support for primary IP family "IPv6"')
  const families: readonly IpFamily[] = primary === 'IPv4' ? ['IPv4', 'IPv6'] : ['IPv6', 'IPv4']
  return families
    .filter((family) => family === 'IPv4' || speaksIpv6)
    .map((family) => {
      if (given !== undefined && familyOf(given) === family) return given
      return known.find((address) => familyOf(address) === family) ?? loopback[family]
    })
}

/** How pods' traffic is told from that of others; undefined where nothing is known of it. */
export function podTraffic(flags: ProxyFlags, node: core.v1.Node | undefined): PodTraffic | undefined {
  switch (flags['detect-local-mode']) {
    case 'ClusterCIDR':
      return flags['cluster-cidr'].length === 0 ? undefined : { cidrs: flags['cluster-cidr'] }
    case 'NodeCIDR':
      return { cidrs: node?.spec?.podCIDRs ?? [] }
    case 'BridgeInterface':
      return { interfaceName: flags['pod-bridge-interface'] }
    case 'InterfaceNamePrefix':
      return { interfaceName: `${flags['pod-interface-name-prefix']}*` }
  }
}

/** Addresses that take NodePort traffic, of those that the machine has. */
export function nodePortAddresses(
  flags: ProxyFlags,
  own: readonly string[],
  machine: readonly string[],
): readonly string[] | 'all' {
  const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'
  const ranges = flags['nodeport-addresses']
  if (ranges[0] === 'primary') return own.filter((address) => !isLoopback(address))
  const parsed = ranges.flatMap((range) => parseCidr(range) ?? [])
  if (parsed.every(({ prefixBits }) => prefixBits === 0)) return 'all'
  return machine.filter((address) => {
    const ip = parseIp(address)
    return ip !== undefined && !isLoopback(address) && parsed.some((range) => containsIp(range, ip))
  })
}
