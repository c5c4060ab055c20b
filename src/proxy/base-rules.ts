import { masqueradeMark, masqueradeRule, rejectChain } from './compile-service.ts'
import { type FamilyWords, familyWords, type IpFamily } from './ip-family.ts'
import type { PodMatch } from './pod-traffic.ts'
import { containers } from './rule-fragment.ts'

export interface BaseRulesOptions {
  readonly family: IpFamily
  /** Traffic of pods; what others send to cluster IPs is masqueraded. Absent: nobody's is. */
  readonly pods?: PodMatch
  /** Pods' is, too. */
  readonly masqueradesAll?: boolean
  /** Cluster IPs come from here: what is for one that no Service has is dropped. */
  readonly serviceCidrs: readonly string[]
  /** Addresses of the node that take NodePort traffic; 'all' means every one but loopback. */
  readonly nodePortAddresses: readonly string[] | 'all'
  /** Addresses among the cluster IPs that the node answers itself. */
  readonly nodeLocalAddresses: readonly string[]
}

/** One table for each family (`ip kube-proxy`, `ip6 kube-proxy`), wholly ours. */
export const tableName = 'kube-proxy'

export function tableOf(family: IpFamily): string {
  return `${familyWords[family].ip} ${tableName}`
}

interface BaseChain {
  readonly name: string
  readonly type: 'filter' | 'nat'
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  readonly priority: string
}

const dstnat = '-100'
const beforeDstnat = '-110'
const filter = '0'
const srcnat = '100'

const baseChains: readonly BaseChain[] = [
  { name: 'filter-prerouting-pre-dnat', type: 'filter', hook: 'prerouting', priority: beforeDstnat },
  { name: 'filter-output-pre-dnat', type: 'filter', hook: 'output', priority: beforeDstnat },
  { name: 'filter-input', type: 'filter', hook: 'input', priority: filter },
  { name: 'filter-forward', type: 'filter', hook: 'forward', priority: filter },
  { name: 'filter-output', type: 'filter', hook: 'output', priority: filter },
  { name: 'nat-prerouting', type: 'nat', hook: 'prerouting', priority: dstnat },
  { name: 'nat-output', type: 'nat', hook: 'output', priority: dstnat },
  { name: 'nat-postrouting', type: 'nat', hook: 'postrouting', priority: srcnat },
]

function masqueradeRules(
  { pods, masqueradesAll = false }: BaseRulesOptions,
  { ip }: FamilyWords,
): readonly string[] {
  const toService = `${ip} daddr @cluster-ips`
  if (masqueradesAll) return [`${toService} ${masqueradeRule} comment "masquerade all clusterIP traffic"`]
  if (pods === undefined) return []
  const comment = 'comment "masquerade clusterIP traffic from outside cluster"'
  return [`${toService} ${pods.isOfOthers} ${masqueradeRule} ${comment}`]
}

/** Chain → rules of everything that does not depend on Services. */
type FixedRules = readonly (readonly [chain: string, rules: readonly string[]])[]

function fixedRules(options: BaseRulesOptions, words: FamilyWords): FixedRules {
  const { ip, notLoopback } = words
  const destination = `${ip} daddr . meta l4proto . th dport`
  const toNode = options.nodePortAddresses === 'all' ? notLoopback : `${ip} daddr @nodeport-ips`
  const nodePort = 'meta l4proto . th dport vmap'
  const ownAddresses = options.nodeLocalAddresses.map((address) => `${ip} daddr ${address} return`)
  const unallocated = options.serviceCidrs.map(
    (cidr) => `${ip} daddr ${cidr} drop comment "Drop traffic to unallocated ClusterIPs"`,
  )
  const local = options.nodePortAddresses === 'all' ? 'fib daddr type local ' : ''
  return [
    ['filter-prerouting-pre-dnat', ['ct state new jump firewall-check']],
    ['filter-output-pre-dnat', ['ct state new jump firewall-check']],
    [
      'filter-input',
      ['ct state new jump nodeport-endpoints-check', 'ct state new jump service-endpoints-check'],
    ],
    ['filter-forward', ['ct state new jump service-endpoints-check', 'ct state new jump cluster-ips-check']],
    ['filter-output', ['ct state new jump service-endpoints-check', 'ct state new jump cluster-ips-check']],
    ['nat-prerouting', ['jump services']],
    ['nat-output', ['jump services']],
    ['nat-postrouting', ['jump masquerading']],
    ['firewall-check', [`${destination} vmap @firewall-ips`]],
    ['service-endpoints-check', [`${destination} vmap @no-endpoint-services`]],
    ['nodeport-endpoints-check', [`${toNode} ${nodePort} @no-endpoint-nodeports`]],
    // A reset, where there is such a thing: the kernel sends an address only one ICMP error a second.
    [rejectChain, ['meta l4proto tcp reject with tcp reset', 'reject']],
    [
      'cluster-ips-check',
      [
        ...ownAddresses,
        `${ip} daddr @cluster-ips goto ${rejectChain} comment "Reject traffic to invalid ports of ClusterIPs"`,
        ...unallocated,
      ],
    ],
    [
      'services',
      [
        ...masqueradeRules(options, words),
        `${destination} vmap @service-ips`,
        `${local}${toNode} ${nodePort} @service-nodeports`,
      ],
    ],
    [
      'masquerading',
      [
        `meta mark and ${masqueradeMark} != 0 meta mark set meta mark xor ${masqueradeMark} masquerade fully-random`,
        `ct status dnat ${ip} saddr . ${ip} daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random`,
      ],
    ],
  ]
}

function containerDefinitions(words: FamilyWords): readonly string[] {
  const service = `${words.address} . inet_proto . inet_service`
  return [
    `set {t} cluster-ips { type ${words.address}; comment "Active ClusterIPs"; }`,
    `set {t} nodeport-ips { type ${words.address}; comment "IPs that accept NodePort traffic"; }`,
    `set {t} hairpin-connections { type ${words.address} . ${service}; comment "service hairpin connections"; }`,
    `map {t} service-ips { type ${service} : verdict; comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"; }`,
    `map {t} service-nodeports { type inet_proto . inet_service : verdict; comment "NodePort traffic"; }`,
    `map {t} firewall-ips { type ${service} : verdict; comment "destinations that are subject to LoadBalancerSourceRanges"; }`,
    `map {t} no-endpoint-services { type ${service} : verdict; comment "vmap to drop or reject packets to services with no endpoints"; }`,
    `map {t} no-endpoint-nodeports { type inet_proto . inet_service : verdict; comment "vmap to drop or reject packets to service nodeports with no endpoints"; }`,
  ]
}

const isSet = (container: string): boolean =>
  container === 'cluster-ips' || container === 'hairpin-connections'

/**
 * What makes the table, its fixed chains and its empty sets and maps, whatever was in them before. Hooks are
 * deleted and added in the same transaction, for their properties cannot be altered.
 */
export function baseCommands(options: BaseRulesOptions): readonly string[] {
  const words = familyWords[options.family]
  const table = tableOf(options.family)
  const rules = fixedRules(options, words)
  const hooked = new Set(baseChains.map(({ name }) => name))
  const plain = rules.map(([chain]) => chain).filter((chain) => !hooked.has(chain))
  const addresses = options.nodePortAddresses === 'all' ? [] : options.nodePortAddresses
  return [
    `add table ${table} { comment "rules for kube-proxy"; }`,
    ...baseChains.flatMap(({ name }) => [`add chain ${table} ${name}`, `delete chain ${table} ${name}`]),
    ...baseChains.map(
      ({ name, type, hook, priority }) =>
        `add chain ${table} ${name} { type ${type} hook ${hook} priority ${priority}; }`,
    ),
    ...plain.flatMap((chain) => [`add chain ${table} ${chain}`, `flush chain ${table} ${chain}`]),
    ...containerDefinitions(words).map((definition) => `add ${definition.replace('{t}', table)}`),
    ...containers.map((name) => `flush ${isSet(name) ? 'set' : 'map'} ${table} ${name}`),
    `flush set ${table} nodeport-ips`,
    ...(addresses.length > 0 ? [`add element ${table} nodeport-ips { ${addresses.join(', ')} }`] : []),
    ...rules.flatMap(([chain, list]) => list.map((rule) => `add rule ${table} ${chain} ${rule}`)),
  ]
}
