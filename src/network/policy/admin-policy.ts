import type { KubernetesObject, LabelSelector, StringMap } from '../../apimachinery/meta.ts'
import { everyLabel, validLabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { blockRanges } from './address-ranges.ts'
import type { Direction, ParsedRule, PodPeer } from './parsed-policy.ts'
import { allPorts, type PortSet, portsOf, protocols, unite } from './port-set.ts'
import type { Action, Tier } from './verdict.ts'

interface PodsOfNamespaces {
  readonly namespaceSelector?: LabelSelector
  readonly podSelector?: LabelSelector
}

/** `policy.networking.k8s.io/v1alpha1`, as far as it decides. */
interface Subject {
  readonly namespaces?: LabelSelector
  readonly pods?: PodsOfNamespaces
}

interface Peer extends Subject {
  readonly nodes?: LabelSelector
  readonly networks?: readonly string[]
}

interface Port {
  readonly portNumber?: { readonly protocol?: string; readonly port?: number }
  readonly portRange?: { readonly protocol?: string; readonly start?: number; readonly end?: number }
  readonly namedPort?: string
}

interface Rule {
  readonly action?: string
  readonly from?: readonly Peer[]
  readonly to?: readonly Peer[]
  readonly ports?: readonly Port[]
}

/** An AdminNetworkPolicy or the BaselineAdminNetworkPolicy, which has no priority. */
export interface AdminNetworkPolicy extends KubernetesObject {
  readonly spec?: {
    readonly priority?: number
    readonly subject?: Subject
    readonly ingress?: readonly Rule[]
    readonly egress?: readonly Rule[]
  }
}

export interface AdminRule extends ParsedRule {
  readonly action: Action
}

/** Its texts read once. */
export interface ParsedAdminPolicy {
  readonly tier: Exclude<Tier, 'namespace'>
  readonly name: string
  /** The lower one decides. */
  readonly priority: number
  readonly subject: PodPeer | undefined
  readonly rules: Readonly<Record<Direction, readonly AdminRule[]>>
}

const podsOf = ({ namespaces, pods }: Subject): PodPeer | undefined => {
  if (namespaces !== undefined) return { namespaces: validLabelMatcher(namespaces), pods: everyLabel }
  if (pods === undefined) return undefined
  return {
    namespaces: validLabelMatcher(pods.namespaceSelector ?? {}),
    pods: validLabelMatcher(pods.podSelector ?? {}),
  }
}

function parsePorts(ports: readonly Port[] | undefined): Pick<ParsedRule, 'ports' | 'named'> {
  if (ports === undefined || ports.length === 0) return { ports: allPorts, named: [] }
  const sets: PortSet[] = []
  const named: string[] = []
  for (const { portNumber, portRange, namedPort } of ports) {
    if (namedPort !== undefined) named.push(namedPort)
    const { protocol: text = 'TCP' } = portNumber ?? portRange ?? {}
    const protocol = protocols.find((each) => each === text)
    const first = portNumber?.port ?? portRange?.start
    if (protocol === undefined || first === undefined) continue
    sets.push(portsOf(protocol, { first, last: portRange?.end ?? first }))
  }
  return { ports: unite(sets), named }
}

/** undefined for an action that this version does not know: the rule says nothing. */
function parseRule(rule: Rule): AdminRule | undefined {
  const { action: text, from, to, ports } = rule
  const action = (['allow', 'deny', 'pass'] as const).find((each) => each === text?.toLowerCase())
  if (action === undefined) return undefined
  const peers = from ?? to ?? []
  return {
    action,
    peers: peers.flatMap((peer) => podsOf(peer) ?? []),
    blocks: peers.flatMap(({ networks = [] }) => networks.flatMap((cidr) => blockRanges(cidr, []) ?? [])),
    nodes: peers.flatMap(({ nodes }) => (nodes === undefined ? [] : [validLabelMatcher(nodes)])),
    ...parsePorts(ports),
  }
}

export function parseAdminPolicy(
  { metadata, spec }: AdminNetworkPolicy,
  tier: ParsedAdminPolicy['tier'],
): ParsedAdminPolicy {
  const rules = (list: readonly Rule[] = []): readonly AdminRule[] =>
    list.flatMap((rule) => parseRule(rule) ?? [])
  return {
    tier,
    name: metadata?.name ?? '',
    priority: spec?.priority ?? 0,
    subject: spec?.subject && podsOf(spec.subject),
    rules: { ingress: rules(spec?.ingress), egress: rules(spec?.egress) },
  }
}

/** In which order they decide; of two with the same priority, which the API calls undefined, by name. */
export const inOrder = (policies: readonly ParsedAdminPolicy[]): readonly ParsedAdminPolicy[] =>
  [...policies].sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1))

/** Of a pod, and the labels of its namespace. */
export function isSubject(
  { subject }: ParsedAdminPolicy,
  labels: StringMap,
  namespace: string,
  ofNamespace: StringMap,
): boolean {
  if (subject === undefined) return false
  const { namespaces, pods } = subject
  return (
    (typeof namespaces === 'string' ? namespaces === namespace : namespaces.matches(ofNamespace)) &&
    pods.matches(labels)
  )
}
