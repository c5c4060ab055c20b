import { createHash } from 'node:crypto'
import { formatIp } from '../../apimachinery/ip-address.ts'
import type { StringMap } from '../../apimachinery/meta.ts'
import { disjoint, everyAddress, type Family, families, type Grant, portsAt } from './address-ranges.ts'
import type { Direction, ParsedPolicy, ParsedRule, PodPeer } from './parsed-policy.ts'
import type { PolicyPod } from './policy-pod.ts'
import {
  isEmpty,
  type PortRange,
  type PortSet,
  type Protocol,
  portRules,
  protocols,
  unite,
} from './port-set.ts'
import type { Chain, Container, TableContent } from './table-content.ts'

/** Everything that decides what passes. */
export interface PolicyWorld {
  readonly policies: readonly ParsedPolicy[]
  /** By name. */
  readonly namespaces: ReadonlyMap<string, StringMap>
  /** Of the whole cluster. */
  readonly pods: readonly PolicyPod[]
  /** Addresses of the node itself that pods' own rules decide about: where it answers for cluster DNS. */
  readonly judgedNodeAddresses: readonly string[]
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
  readonly #podsOf = new Map<string, PolicyPod[]>()
  readonly #policiesOf = new Map<string, ParsedPolicy[]>()
  readonly #selected = new Map<PodPeer, readonly PolicyPod[]>()

  constructor(world: PolicyWorld) {
    this.#world = world
    for (const pod of world.pods) addTo(this.#podsOf, pod.namespace, pod)
    for (const policy of world.policies) addTo(this.#policiesOf, policy.namespace, policy)
  }

  /** undefined where no pod of this node is isolated. */
  compile(): TableContent | undefined {
    const jumps = new Map<string, string>()
    const own = new Map<string, string>()
    for (const pod of this.#world.pods) {
      if (!pod.local) continue
      for (const direction of directions) {
        const chain = this.#isolation(pod, direction)
        if (chain === undefined) continue
        for (const { family, ...address } of pod.addresses) {
          const text = formatIp({ family, ...address })
          jumps.set(`${direction}-${family} ${text}`, `jump ${chain}`)
          own.set(`own-${family} ${text} . ${text}`, '')
        }
      }
    }
    if (jumps.size === 0) return undefined
    for (const family of families) {
      const { type } = words[family]
      this.#container(`own-${family}`, 'set', `${type} . ${type}`, own)
      for (const direction of directions) {
        this.#container(`${direction}-${family}`, 'map', `${type} : verdict`, jumps)
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
    this.#chains.set('input', { definition: hook('input'), rules: [...answers, ...judged] })
  }

  /** The chain that judges a pod's traffic, shared by all that the same policies select; undefined: none does. */
  #isolation(pod: PolicyPod, direction: Direction): string | undefined {
    const policies = (this.#policiesOf.get(pod.namespace) ?? []).filter(
      (policy) => policy[direction] !== undefined && policy.pods.matches(pod.labels),
    )
    if (policies.length === 0) return undefined
    const rules = policies.flatMap((policy) => policy[direction] ?? [])
    const keys = policies.map(({ key }) => key).sort()
    const named = direction === 'egress' ? [] : [...new Set(rules.flatMap((rule) => rule.named))].sort()
    const numbers = named.map((name) => `${name}=${pod.namedPorts.get(name) ?? ''}`)
    const name = `${direction}-${shortHash([...keys, ...numbers].join('\n'))}`
    if (!this.#chains.has(name)) this.#judge(name, rules, keys, direction === 'ingress' ? pod : undefined)
    return name
  }

  /** `target`: the pod that is spoken to; undefined where that is the peer. */
  #judge(
    name: string,
    rules: readonly ParsedRule[],
    policies: readonly string[],
    target: PolicyPod | undefined,
  ): void {
    const { ofPods, ofAddresses } = this.#grants(rules, target)
    const lookups: string[] = []
    for (const family of families) {
      const { ip, type } = words[family]
      const side = target === undefined ? 'daddr' : 'saddr'
      const ranges = disjoint(ofAddresses[family])
      const single = new Map<string, string>()
      for (const [pod, granted] of ofPods) {
        for (const address of pod.addresses) {
          if (address.family !== family) continue
          const ports = unite([...granted, portsAt(ranges, address.value)])
          if (!isEmpty(ports)) single.set(formatIp(address), this.#verdict(ports))
        }
      }
      const wide = new Map<string, string>()
      for (const { first, last, ports } of ranges) {
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
    const comment = policies.join(' ').slice(0, longestComment)
    this.#chains.set(name, { definition: '', rules: [...lookups, `counter drop comment "${comment}"`] })
  }

  #grants(
    rules: readonly ParsedRule[],
    target: PolicyPod | undefined,
  ): {
    readonly ofPods: ReadonlyMap<PolicyPod, readonly PortSet[]>
    readonly ofAddresses: Readonly<Record<Family, readonly Grant[]>>
  } {
    const ofPods = new Map<PolicyPod, PortSet[]>()
    const ofAddresses: Record<Family, Grant[]> = { 4: [], 6: [] }
    for (const rule of rules) {
      const anybody = target === undefined ? rule.ports : unite([rule.ports, namedPorts(rule, target)])
      const grant = (pod: PolicyPod): void =>
        addTo(ofPods, pod, target === undefined ? unite([anybody, namedPorts(rule, pod)]) : anybody)
      if (rule.peers === undefined) {
        for (const family of families) ofAddresses[family].push({ ...everyAddress(family), ports: anybody })
        if (target === undefined && rule.named.length > 0) this.#world.pods.forEach(grant)
        continue
      }
      for (const { family, ranges } of rule.blocks) {
        for (const range of ranges) ofAddresses[family].push({ ...range, ports: anybody })
      }
      for (const peer of rule.peers) this.#select(peer).forEach(grant)
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
    const pods = names.flatMap((name) =>
      (this.#podsOf.get(name) ?? []).filter(({ labels }) => peer.pods.matches(labels)),
    )
    this.#selected.set(peer, pods)
    return pods
  }

  /** Of a map's element: on to the next direction, or by port. */
  #verdict(ports: PortSet): string {
    if (ports === 'all') return 'return'
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

/** The named ports of a rule as the numbers of the pod that is spoken to. */
function namedPorts({ named }: ParsedRule, pod: PolicyPod): PortSet {
  const result = new Map<Protocol, PortRange[]>()
  for (const name of named) {
    const port = pod.namedPorts.get(name)
    const protocol = protocols.find((each) => name.startsWith(`${each} `))
    if (port !== undefined && protocol !== undefined) addTo(result, protocol, { first: port, last: port })
  }
  return result
}

/**
 * What a node's table has to hold. A packet costs the same however many policies there are: it finds its pod's
 * chain in a hash, its peer in another or in a tree of ranges without overlaps, and its port in a set.
 */
export function compilePolicies(world: PolicyWorld): TableContent | undefined {
  return new Compilation(world).compile()
}
