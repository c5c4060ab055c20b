import { createHash } from 'node:crypto'
import { formatIp } from '../../apimachinery/ip-address.ts'
import type { StringMap } from '../../apimachinery/meta.ts'
import { claimsAt, disjoint, everyAddress, type Family, families, type RangeClaim } from './address-ranges.ts'
import { inOrder, isSubject, type ParsedAdminPolicy } from './admin-policy.ts'
import type { Direction, ParsedPolicy, ParsedRule, PodPeer } from './parsed-policy.ts'
import { PodsByLabel } from './pods-by-label.ts'
import type { PolicyNode } from './policy-node.ts'
import { namedPort, type PolicyPod } from './policy-pod.ts'
import { isAll, isEmpty, noPorts, type PortSet, portRules, portsOf, protocols, unite } from './port-set.ts'
import type { Chain, Container, TableContent } from './table-content.ts'
import { allowedPorts, type Claim } from './verdict.ts'

/** Everything that decides what passes. */
export interface PolicyWorld {
  readonly policies: readonly ParsedPolicy[]
  readonly adminPolicies: readonly ParsedAdminPolicy[]
  /** By name. */
  readonly namespaces: ReadonlyMap<string, StringMap>
  /** Of the whole cluster. */
  readonly pods: readonly PolicyPod[]
  readonly nodes: readonly PolicyNode[]
  /** Addresses of the node itself that pods' own rules decide about: where it answers for cluster DNS. */
  readonly judgedNodeAddresses: readonly string[]
}

/** A rule, and where it stands among all that speak of a pod. */
interface StandingRule extends Omit<Claim, 'ports'> {
  readonly rule: ParsedRule
}

const directions: readonly Direction[] = ['ingress', 'egress']
const words = { 4: { ip: 'ip', type: 'ipv4_addr' }, 6: { ip: 'ip6', type: 'ipv6_addr' } } as const

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

/** nftables' limit for a comment is 128 bytes. */
const longestComment = 120

/** The chains and sets of one node. */
class Compilation {
  readonly #world: PolicyWorld
  readonly #chains = new Map<string, Chain>()
  readonly #containers = new Map<string, Container>()
  readonly #podsOf = new Map<string, PodsByLabel>()
  readonly #policiesOf = new Map<string, ParsedPolicy[]>()
  readonly #adminPolicies: readonly ParsedAdminPolicy[]
  readonly #selected = new Map<PodPeer, readonly PolicyPod[]>()

  constructor(world: PolicyWorld) {
    this.#world = world
    this.#adminPolicies = inOrder(world.adminPolicies)
    for (const pod of world.pods) {
      const pods = this.#podsOf.get(pod.namespace) ?? new PodsByLabel()
      pods.add(pod)
      this.#podsOf.set(pod.namespace, pods)
    }
    for (const policy of world.policies) addTo(this.#policiesOf, policy.namespace, policy)
  }

  /** undefined where no policy speaks of a pod of this node. */
  compile(): TableContent | undefined {
    /** Elements of the fixed sets, in front of each its set's name. */
    const filed = new Map<string, string>()
    for (const pod of this.#world.pods) {
      if (!pod.local) continue
      for (const direction of directions) {
        const chain = this.#isolation(pod, direction)
        if (chain === undefined) continue
        for (const { family, ...address } of pod.addresses) {
          const text = formatIp({ family, ...address })
          filed.set(`${direction}-${family} ${text}`, `jump ${chain}`)
          filed.set(`own-${family} ${text} . ${text}`, '')
        }
      }
      this.#toOwnNode(pod, filed)
    }
    if (filed.size === 0) return undefined
    for (const family of families) {
      const { type } = words[family]
      this.#container(`own-${family}`, 'set', `${type} . ${type}`, filed)
      this.#container(`node-${family}`, 'map', `${type} . ${type} : verdict`, filed)
      for (const direction of directions) {
        this.#container(`${direction}-${family}`, 'map', `${type} : verdict`, filed)
      }
    }
    this.#hooks()
    return { chains: this.#chains, containers: this.#containers }
  }

  /** One of the fixed sets: the elements filed under its name. */
  #container(name: string, kind: 'set' | 'map', type: string, filed: ReadonlyMap<string, string>): void {
    const elements = new Map<string, string>()
    for (const [key, value] of filed) {
      if (key.startsWith(`${name} `)) elements.set(key.slice(name.length + 1), value)
    }
    this.#containers.set(name, { kind, type, interval: false, elements })
  }

  /**
   * Every packet that a connection's opener sends is judged, not its first alone: a policy that changes is
   * felt by connections that are there. What answers is not: who may ask may be answered.
   */
  #hooks(): void {
    const answers = ['ct state related accept', 'ct state established ct direction reply accept']
    const each = (rule: (ip: string, family: Family) => string): readonly string[] =>
      families.map((family) => rule(words[family].ip, family))
    const hook = (name: string): string => `{ type filter hook ${name} priority 0; policy accept; }`
    this.#chains.set('forward', {
      definition: hook('forward'),
      rules: [
        ...answers,
        // To itself through a Service.
        ...each((ip, family) => `${ip} saddr . ${ip} daddr @own-${family} accept`),
        ...each((ip, family) => `${ip} saddr vmap @egress-${family}`),
        ...each((ip, family) => `${ip} daddr vmap @ingress-${family}`),
      ],
    })
    const judged = this.#world.judgedNodeAddresses.map((address) => {
      const family = address.includes(':') ? 6 : 4
      const { ip } = words[family]
      return `${ip} daddr ${address} ${ip} saddr vmap @egress-${family}`
    })
    const toNode = each((ip, family) => `${ip} saddr . ${ip} daddr vmap @node-${family}`)
    this.#chains.set('input', { definition: hook('input'), rules: [...answers, ...judged, ...toNode] })
  }

  /** The chain that judges a pod's traffic, shared by all that the same policies select; undefined: none does. */
  #isolation(pod: PolicyPod, direction: Direction): string | undefined {
    const policies = (this.#policiesOf.get(pod.namespace) ?? []).filter(
      (policy) => policy[direction] !== undefined && policy.pods.matches(pod.labels),
    )
    const { keys: adminKeys, rules: adminRules } = this.#adminRules(pod, direction)
    const isolated = policies.length > 0
    if (!isolated && adminRules.length === 0) return undefined
    const granted = policies.flatMap((policy) => policy[direction] ?? [])
    const rules: readonly StandingRule[] = [
      ...adminRules,
      ...granted.map((rule) => ({ rule, tier: 'namespace', action: 'allow', order: 0 }) as const),
    ]
    const keys = [...adminKeys, ...policies.map(({ key }) => key).sort()]
    const named = direction === 'egress' ? [] : [...new Set(rules.flatMap(({ rule }) => rule.named))].sort()
    const numbers = named.map((name) => `${name}=${portRules(namedPorts([name], pod)).join(' ')}`)
    const name = `${direction}-${shortHash([...keys, ...numbers].join('\n'))}`
    if (!this.#chains.has(name)) {
      this.#judge(name, rules, { keys, isolated, target: direction === 'ingress' ? pod : undefined })
    }
    return name
  }

  /** What administrators' policies say of a pod, in their order. */
  #adminRules(
    pod: PolicyPod,
    direction: Direction,
  ): { readonly keys: readonly string[]; readonly rules: readonly StandingRule[] } {
    const keys: string[] = []
    const rules: StandingRule[] = []
    for (const policy of this.#adminPolicies) {
      const ofNamespace = this.#world.namespaces.get(pod.namespace) ?? {}
      if (!isSubject(policy, pod.labels, pod.namespace, ofNamespace)) continue
      const { tier, name } = policy
      if (policy.rules[direction].length > 0) keys.push(`${tier}:${name}`)
      for (const rule of policy.rules[direction]) {
        rules.push({ rule, tier, action: rule.action, order: rules.length })
      }
    }
    return { keys, rules }
  }

  /** Administrators alone may keep a pod from its own node. */
  #toOwnNode(pod: PolicyPod, filed: Map<string, string>): void {
    const { rules } = this.#adminRules(pod, 'egress')
    if (rules.length === 0) return
    const { ofAddresses } = this.#claims(rules, undefined)
    for (const { local, addresses } of this.#world.nodes) {
      if (!local) continue
      for (const { family, value } of addresses) {
        const claims = ofAddresses[family].filter(({ first, last }) => first <= value && value <= last)
        const ports = allowedPorts(claims, false)
        if (isAll(ports)) continue
        for (const own of pod.addresses) {
          if (own.family !== family) continue
          filed.set(`node-${family} ${formatIp(own)} . ${formatIp({ family, value })}`, this.#verdict(ports))
        }
      }
    }
  }

  /** `target`: the pod that is spoken to; undefined where that is the peer. */
  #judge(
    name: string,
    rules: readonly StandingRule[],
    about: {
      readonly keys: readonly string[]
      readonly isolated: boolean
      readonly target: PolicyPod | undefined
    },
  ): void {
    const { keys, isolated, target } = about
    const { ofPods, ofAddresses } = this.#claims(rules, target)
    const lookups: string[] = []
    for (const family of families) {
      const { ip, type } = words[family]
      const side = target === undefined ? 'daddr' : 'saddr'
      const ranges = disjoint(ofAddresses[family])
      const single = new Map<string, string>()
      for (const [pod, claims] of ofPods) {
        for (const address of pod.addresses) {
          if (address.family !== family) continue
          const ports = allowedPorts([...claims, ...claimsAt(ranges, address.value)], isolated)
          single.set(formatIp(address), this.#verdict(ports))
        }
      }
      const wide = new Map<string, string>()
      for (const { first, last, claims } of ranges) {
        const ports = allowedPorts(claims, isolated)
        if (isEmpty(ports)) continue
        const [from, to] = [first, last].map((value) => formatIp({ family, value }))
        wide.set(first === last ? `${from}` : `${from}-${to}`, this.#verdict(ports))
      }
      for (const [suffix, elements] of [
        [`pods-${family}`, single],
        [`ranges-${family}`, wide],
      ] as const) {
        if (elements.size === 0) continue
        const interval = elements === wide
        this.#containers.set(`${name}-${suffix}`, {
          kind: 'map',
          type: `${type} : verdict`,
          interval,
          elements,
        })
        lookups.push(`${ip} ${side} vmap @${name}-${suffix}`)
      }
    }
    const comment = keys.join(' ').slice(0, longestComment)
    this.#chains.set(name, { definition: '', rules: [...lookups, `counter drop comment "${comment}"`] })
  }

  /** What rules say of whom. */
  #claims(
    rules: readonly StandingRule[],
    target: PolicyPod | undefined,
  ): {
    readonly ofPods: ReadonlyMap<PolicyPod, readonly Claim[]>
    readonly ofAddresses: Readonly<Record<Family, readonly RangeClaim[]>>
  } {
    const ofPods = new Map<PolicyPod, Claim[]>()
    const ofAddresses: Record<Family, RangeClaim[]> = { 4: [], 6: [] }
    // Where nobody isolates the pod, all that no rule speaks of passes.
    const silence = { tier: 'baseline', action: 'allow', order: rules.length, ports: noPorts } as const
    for (const family of families) ofAddresses[family].push({ ...everyAddress(family), ...silence })
    for (const { rule, ...standing } of rules) {
      const anybody = target === undefined ? rule.ports : unite([rule.ports, namedPorts(rule.named, target)])
      const ofRange = (family: Family, range: { readonly first: bigint; readonly last: bigint }): void => {
        if (!isEmpty(anybody)) ofAddresses[family].push({ ...range, ...standing, ports: anybody })
      }
      const ofPod = (pod: PolicyPod): void => {
        const ports = target === undefined ? unite([anybody, namedPorts(rule.named, pod)]) : anybody
        if (!isEmpty(ports)) addTo(ofPods, pod, { ...standing, ports })
      }
      if (rule.peers === undefined) {
        for (const family of families) ofRange(family, everyAddress(family))
        if (target === undefined && rule.named.length > 0) this.#world.pods.forEach(ofPod)
        continue
      }
      for (const { family, ranges } of rule.blocks) for (const range of ranges) ofRange(family, range)
      for (const { labels, addresses } of rule.nodes === undefined ? [] : this.#world.nodes) {
        if (!rule.nodes?.some((selector) => selector.matches(labels))) continue
        for (const { family, value } of addresses) ofRange(family, { first: value, last: value })
      }
      for (const peer of rule.peers) this.#select(peer).forEach(ofPod)
    }
    return { ofPods, ofAddresses }
  }

  #select(peer: PodPeer): readonly PolicyPod[] {
    const known = this.#selected.get(peer)
    if (known !== undefined) return known
    const { namespaces } = peer
    const names =
      typeof namespaces === 'string'
        ? [namespaces]
        : [...this.#podsOf.keys()].filter((name) =>
            namespaces.matches(this.#world.namespaces.get(name) ?? {}),
          )
    const pods = names.flatMap((name) => this.#podsOf.get(name)?.matching(peer.pods) ?? [])
    this.#selected.set(peer, pods)
    return pods
  }

  /** Of a map's element: on to the next direction, or by port. */
  #verdict(ports: PortSet): string {
    if (isAll(ports)) return 'return'
    if (isEmpty(ports)) return 'drop'
    const rules = portRules(ports)
    const chain = `ports-${shortHash(rules.join('\n'))}`
    this.#chains.set(chain, { definition: '', rules })
    return `goto ${chain}`
  }
}

function addTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** The ports of the pod that is spoken to that have these names: `TCP http`, or `http` for any protocol. */
function namedPorts(names: readonly string[], pod: PolicyPod): PortSet {
  const sets: PortSet[] = []
  for (const name of names) {
    for (const protocol of protocols) {
      const port = pod.namedPorts.get(name) ?? pod.namedPorts.get(namedPort(protocol, name))
      const isOfIt = name.startsWith(`${protocol} `) || !name.includes(' ')
      if (port !== undefined && isOfIt) sets.push(portsOf(protocol, { first: port, last: port }))
    }
  }
  return unite(sets)
}

/**
 * What a node's table has to hold. A packet costs the same however many policies there are: it finds its pod's
 * chain in a hash, its peer in another or in a tree of ranges without overlaps, and its port in a set.
 */
export function compilePolicies(world: PolicyWorld): TableContent | undefined {
  return new Compilation(world).compile()
}
