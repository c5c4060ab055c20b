import type { networking } from '../../api/generated/types/index.ts'
import { type LabelMatcher, validLabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { type AddressRange, blockRanges, type Family } from './address-ranges.ts'
import { namedPort } from './policy-pod.ts'
import { allPorts, type PortSet, portsOf, protocols, unite } from './port-set.ts'

export type Direction = 'ingress' | 'egress'

export interface PodPeer {
  /** All namespaces that match, or one by its name. */
  readonly namespaces: LabelMatcher | string
  readonly pods: LabelMatcher
}

export interface Block {
  readonly family: Family
  readonly ranges: readonly AddressRange[]
}

export interface ParsedRule {
  /** undefined: everybody. */
  readonly peers: readonly PodPeer[] | undefined
  readonly blocks: readonly Block[]
  /** Nodes are spoken to at their own addresses. */
  readonly nodes?: readonly LabelMatcher[]
  /** What is given by number. */
  readonly ports: PortSet
  /** What the pod that is spoken to gives a name: `TCP http`, or `http` for any protocol. */
  readonly named: readonly string[]
}

/** A NetworkPolicy, its texts read once. */
export interface ParsedPolicy {
  /** `namespace/name`. */
  readonly key: string
  readonly namespace: string
  readonly pods: LabelMatcher
  /** undefined: the policy says nothing about that direction. */
  readonly ingress: readonly ParsedRule[] | undefined
  readonly egress: readonly ParsedRule[] | undefined
}

type Peer = networking.v1.NetworkPolicyPeer
type Port = networking.v1.NetworkPolicyPort

function parseRule(peers: readonly Peer[], ports: readonly Port[], namespace: string): ParsedRule {
  const ofPods: PodPeer[] = []
  const blocks: Block[] = []
  for (const { ipBlock, namespaceSelector, podSelector } of peers) {
    if (ipBlock !== undefined) {
      const block = blockRanges(ipBlock.cidr ?? '', ipBlock.except ?? [])
      if (block !== undefined) blocks.push(block)
    } else {
      const namespaces = namespaceSelector === undefined ? namespace : validLabelMatcher(namespaceSelector)
      ofPods.push({ namespaces, pods: validLabelMatcher(podSelector ?? {}) })
    }
  }
  return { peers: peers.length === 0 ? undefined : ofPods, blocks, ...parsePorts(ports) }
}

function parsePorts(ports: readonly Port[]): Pick<ParsedRule, 'ports' | 'named'> {
  if (ports.length === 0) return { ports: allPorts, named: [] }
  const sets: PortSet[] = []
  const named: string[] = []
  for (const { protocol: text = 'TCP', port, endPort } of ports) {
    const protocol = protocols.find((each) => each === text)
    if (protocol === undefined) continue
    if (typeof port === 'string') named.push(namedPort(protocol, port))
    else sets.push(portsOf(protocol, port === undefined ? undefined : { first: port, last: endPort ?? port }))
  }
  return { ports: unite(sets), named }
}

/** Expects the API's defaults and validation. */
export function parsePolicy({ metadata, spec }: networking.v1.NetworkPolicy): ParsedPolicy {
  const { namespace = '', name = '' } = metadata ?? {}
  const { policyTypes = [], ingress = [], egress = [] } = spec ?? {}
  return {
    key: `${namespace}/${name}`,
    namespace,
    pods: validLabelMatcher(spec?.podSelector ?? {}),
    ingress: policyTypes.includes('Ingress')
      ? ingress.map((rule) => parseRule(rule.from ?? [], rule.ports ?? [], namespace))
      : undefined,
    egress: policyTypes.includes('Egress')
      ? egress.map((rule) => parseRule(rule.to ?? [], rule.ports ?? [], namespace))
      : undefined,
  }
}
