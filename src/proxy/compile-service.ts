import { containsIp, formatCidr, type IpRange, parseCidr, parseIp } from '../apimachinery/ip-address.ts'
import { endpointNames, type ServiceChainNames, serviceChainNames } from './chain-names.ts'
import { type ChosenEndpoints, chooseEndpoints, type Place } from './choose-endpoints.ts'
import { addressOf, type Endpoint } from './endpoint.ts'
import { type FamilyWords, familyWords, type IpFamily } from './ip-family.ts'
import type { PodMatch } from './pod-traffic.ts'
import type { ContainerName, RuleElement, RuleFragment } from './rule-fragment.ts'
import {
  isExternallyAccessible,
  type ServicePort,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from './service-port.ts'

export interface CompileOptions {
  readonly family: IpFamily
  readonly place: Place
  /** Traffic of pods, where it can be told. */
  readonly pods?: PodMatch
  /** This node's own address. */
  readonly nodeAddress: string
}

/** Upstream's masquerade bit 14. */
export const masqueradeMark = '0x4000'
export const masqueradeRule = `meta mark set meta mark or ${masqueradeMark}`
export const rejectChain = 'reject-chain'

/**
 * Up to so many endpoints, a chain holds a rule for each, taken with the right probability. An anonymous map
 * does it in one rule, but the kernel goes through all of a table's sets for each that is added, and with
 * thousands of them loading takes seconds; beyond this many endpoints a walk over the rules costs more.
 */
const mostEndpointsAsRules = 16

/** Rules that go to one of `targets` at random, each with the same probability. */
function pickOne(
  targets: readonly string[],
  before: string,
  asMap: (elements: string) => string,
): readonly string[] {
  const count = targets.length
  if (count > mostEndpointsAsRules) return [asMap(targets.map((target, i) => `${i} : ${target}`).join(', '))]
  return targets.map((target, i) => {
    const left = count - i
    return left === 1 ? `${before}${target}` : `${before}numgen random mod ${left} 0 ${target}`
  })
}

function translate(port: ServicePort, endpoints: readonly Endpoint[], words: FamilyWords): readonly string[] {
  const before = `meta l4proto ${port.protocol} `
  if (endpoints.length <= mostEndpointsAsRules) {
    return pickOne(
      endpoints.map((endpoint) => `dnat to ${addressOf(endpoint)}`),
      before,
      () => '',
    )
  }
  const targets = endpoints.map(({ ip, port: number }) => `${ip} . ${number}`)
  return pickOne(
    targets,
    before,
    (elements) =>
      `${before}dnat ${words.ip} addr . port to numgen random mod ${targets.length} map { ${elements} }`,
  )
}

/** First to the endpoint that knows the client, else to any. */
function stick(port: ServicePort, endpoints: readonly Endpoint[], words: FamilyWords): readonly string[] {
  const names = endpoints.map((endpoint) => endpointNames(port, endpoint))
  const known = names.map(({ chain, affinitySet }) => `${words.ip} saddr @${affinitySet} goto ${chain}`)
  const targets = names.map(({ chain }) => `goto ${chain}`)
  return [
    ...known,
    ...pickOne(targets, '', (elements) => `numgen random mod ${targets.length} vmap { ${elements} }`),
  ]
}

/** Where traffic to each kind of address goes, and what becomes of it where it can go nowhere. */
interface Dispatch {
  readonly names: ServiceChainNames
  readonly internalTarget: string | undefined
  readonly internalRefusal: string
  readonly externalTarget: string | undefined
  readonly externalPolicyChain: string | undefined
  readonly externalRefusal: string
}

function dispatchOf(port: ServicePort, chosen: ChosenEndpoints): Dispatch {
  const names = serviceChainNames(port)
  const internal = chosen.any && (!port.internalPolicyLocal || chosen.local.length > 0)
  const external = chosen.any && (!port.externalPolicyLocal || chosen.local.length > 0)
  // Nothing anywhere: say so at once. Nothing on this node only: the client may be better served elsewhere.
  const refusal = chosen.any ? 'drop' : `goto ${rejectChain}`
  return {
    names,
    internalTarget: internal ? (port.internalPolicyLocal ? names.local : names.cluster) : undefined,
    internalRefusal: refusal,
    externalTarget: chosen.any && isExternallyAccessible(port) ? names.external : undefined,
    externalPolicyChain: external ? (port.externalPolicyLocal ? names.local : names.cluster) : undefined,
    externalRefusal: refusal,
  }
}

function elementsOf(port: ServicePort, dispatch: Dispatch): readonly RuleElement[] {
  const { internalTarget, externalTarget, externalPolicyChain, internalRefusal, externalRefusal } = dispatch
  const elements: RuleElement[] = []
  const add = (container: ContainerName, key: string, value = ''): void => {
    elements.push({ container, key, value })
  }
  const at = (ip: string): string => `${ip} . ${port.protocol} . ${port.port}`
  add('cluster-ips', port.clusterIp)
  if (internalTarget !== undefined) add('service-ips', at(port.clusterIp), `goto ${internalTarget}`)
  else add('no-endpoint-services', at(port.clusterIp), internalRefusal)
  for (const ip of new Set([...port.externalIps, ...port.loadBalancerIps])) {
    if (externalTarget !== undefined) add('service-ips', at(ip), `goto ${externalTarget}`)
    if (externalPolicyChain === undefined) add('no-endpoint-services', at(ip), externalRefusal)
  }
  if (usesFirewall(port)) {
    for (const ip of port.loadBalancerIps) add('firewall-ips', at(ip), `goto ${dispatch.names.firewall}`)
  }
  if (port.nodePort !== 0) {
    const key = `${port.protocol} . ${port.nodePort}`
    if (externalTarget !== undefined) add('service-nodeports', key, `goto ${externalTarget}`)
    if (externalPolicyChain === undefined) add('no-endpoint-nodeports', key, externalRefusal)
  }
  return elements
}

function usesFirewall(port: ServicePort): boolean {
  return port.loadBalancerIps.length > 0 && port.sourceRanges.length > 0
}

function externalRules(port: ServicePort, dispatch: Dispatch, options: CompileOptions): readonly string[] {
  const { names, externalPolicyChain } = dispatch
  const rules: string[] = []
  if (port.externalPolicyLocal) {
    // What comes from this node's pods or from the node itself is not subject to the policy.
    if (options.pods !== undefined) rules.push(`${options.pods.isOfPods} goto ${names.cluster}`)
    rules.push(`fib saddr type local ${masqueradeRule}`, `fib saddr type local goto ${names.cluster}`)
  } else {
    rules.push(masqueradeRule)
  }
  if (externalPolicyChain !== undefined) rules.push(`goto ${externalPolicyChain}`)
  return rules
}

/** nft refuses ranges that overlap in one set. */
function distinctRanges(texts: readonly string[]): readonly IpRange[] {
  const ranges = texts.map((text) => parseCidr(text)).filter((range) => range !== undefined)
  return ranges.filter((range, i) =>
    ranges.every((other, j) => {
      const wider = other.prefixBits < range.prefixBits || (other.prefixBits === range.prefixBits && j < i)
      return !(wider && containsIp(other, range.base))
    }),
  )
}

/** A load balancer's address may be one of the node's own, which the node then speaks from. */
function firewallRule(port: ServicePort, options: CompileOptions): string {
  const node = parseIp(options.nodeAddress)
  const ranges = distinctRanges(port.sourceRanges)
  const own = node !== undefined && ranges.some((range) => containsIp(range, node))
  const outside = port.loadBalancerIps.filter((text) => {
    const ip = parseIp(text)
    return ip !== undefined && !ranges.some((range) => containsIp(range, ip))
  })
  const sources = [...ranges.map(formatCidr), ...(own ? new Set(outside) : [])]
  return `${familyWords[options.family].ip} saddr != { ${sources.join(', ')} } drop`
}

/** Everything that one port of a Service needs in the table, from what is known of it. Pure. */
export function compileService(
  port: ServicePort,
  endpoints: readonly Endpoint[],
  options: CompileOptions,
): RuleFragment {
  const words = familyWords[options.family]
  const chosen = chooseEndpoints(endpoints, port, options.place)
  const dispatch = dispatchOf(port, chosen)
  const { names } = dispatch
  const sticky = port.affinitySeconds !== undefined
  const route = sticky ? stick : translate
  const chains = new Map<string, readonly string[]>()
  // The short way of external traffic refers to this chain even where no endpoint is left for it.
  if (chosen.any && usesClusterEndpoints(port)) chains.set(names.cluster, route(port, chosen.cluster, words))
  if (chosen.local.length > 0 && usesLocalEndpoints(port)) {
    chains.set(names.local, route(port, chosen.local, words))
  }
  if (dispatch.externalTarget !== undefined)
    chains.set(names.external, externalRules(port, dispatch, options))
  if (usesFirewall(port)) chains.set(names.firewall, [firewallRule(port, options)])
  const affinitySets: string[] = []
  if (sticky) {
    for (const endpoint of chosen.reachable) {
      const { chain, affinitySet } = endpointNames(port, endpoint)
      affinitySets.push(affinitySet)
      chains.set(chain, [
        `update @${affinitySet} { ${words.ip} saddr timeout ${port.affinitySeconds}s }`,
        `meta l4proto ${port.protocol} dnat to ${addressOf(endpoint)}`,
      ])
    }
  }
  const hairpins = chosen.reachable
    .filter((endpoint) => endpoint.local)
    .map(({ ip, port: number }): RuleElement => {
      const key = `${ip} . ${ip} . ${port.protocol} . ${number}`
      return { container: 'hairpin-connections', key, value: '' }
    })
  return { chains, affinitySets, elements: [...elementsOf(port, dispatch), ...hairpins] }
}
