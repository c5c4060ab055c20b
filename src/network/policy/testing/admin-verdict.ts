import type { core } from '../../../api/generated/types/index.ts'
import { containsIp, formatIp, parseCidr } from '../../../apimachinery/ip-address.ts'
import type { LabelSelector } from '../../../apimachinery/meta.ts'
import { validLabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'
import type { AdminNetworkPolicy } from '../admin-policy.ts'
import type { PlainWorld } from './may-pass.ts'
import type { Packet } from './model-table.ts'

export interface Meeting {
  readonly world: Pick<PlainWorld, 'namespaces' | 'nodes'>
  readonly packet: Packet
  /** Whose policies are read. */
  readonly pod: core.v1.Pod
  readonly direction: 'Ingress' | 'Egress'
  readonly from: core.v1.Pod | undefined
  readonly to: core.v1.Pod | undefined
}

type Spec = NonNullable<AdminNetworkPolicy['spec']>
type Rule = NonNullable<Spec['ingress']>[number]
type Port = NonNullable<Rule['ports']>[number]
type Subject = NonNullable<Spec['subject']>

/** What administrators' policies of one tier say of a packet, read rule by rule. */
export function adminVerdict(
  policies: readonly AdminNetworkPolicy[],
  { world, packet, pod, direction, from, to }: Meeting,
): 'Allow' | 'Deny' | 'Pass' {
  const matches = (selector: LabelSelector | undefined, labels: Record<string, string> = {}): boolean =>
    validLabelMatcher(selector ?? {}).matches(labels)
  const selects = ({ namespaces, pods }: Subject, one: core.v1.Pod): boolean => {
    const ofNamespace = world.namespaces.get(one.metadata?.namespace ?? '')
    if (namespaces !== undefined) return matches(namespaces, ofNamespace)
    return (
      pods !== undefined &&
      matches(pods.namespaceSelector, ofNamespace) &&
      matches(pods.podSelector, one.metadata?.labels)
    )
  }
  const address = direction === 'Ingress' ? packet.from : packet.to
  const peer = direction === 'Ingress' ? from : to

  const hitsPort = ({ portNumber, portRange, namedPort }: Port, byAddress: boolean): boolean => {
    const of = (protocol = 'TCP'): boolean => protocol.toLowerCase() === packet.protocol
    if (portNumber !== undefined) return of(portNumber.protocol) && portNumber.port === packet.port
    if (portRange !== undefined) {
      const { protocol, start = 0, end = 0 } = portRange
      return of(protocol) && start <= packet.port && packet.port <= end
    }
    return (
      !byAddress &&
      (to?.spec?.containers ?? []).some(({ ports = [] }) =>
        ports.some(
          ({ name, containerPort, protocol }) =>
            name === namedPort && containerPort === packet.port && of(protocol),
        ),
      )
    )
  }

  const hits = (rule: Rule): boolean =>
    (rule.from ?? rule.to ?? []).some((each) => {
      const isAddress = each.networks !== undefined || each.nodes !== undefined
      const byNetwork = (each.networks ?? []).some((cidr) => {
        const range = parseCidr(cidr)
        return range !== undefined && containsIp(range, address)
      })
      const byNode = world.nodes.some(
        ({ metadata, status }) =>
          each.nodes !== undefined &&
          matches(each.nodes, metadata?.labels) &&
          status?.addresses?.some((own) => own.address === formatIp(address)),
      )
      const byPod = peer !== undefined && selects(each, peer)
      const ports = rule.ports ?? []
      return (
        (byNetwork || byNode || byPod) &&
        (ports.length === 0 ||
          ports.some((port) => hitsPort(port, direction === 'Egress' && isAddress && !byPod)))
      )
    })

  const inOrder = [...policies].sort((a, b) => (a.spec?.priority ?? 0) - (b.spec?.priority ?? 0))
  for (const { spec } of inOrder) {
    if (spec?.subject === undefined || !selects(spec.subject, pod)) continue
    for (const rule of (direction === 'Ingress' ? spec.ingress : spec.egress) ?? []) {
      if (hits(rule)) return rule.action === 'Allow' ? 'Allow' : rule.action === 'Deny' ? 'Deny' : 'Pass'
    }
  }
  return 'Pass'
}
