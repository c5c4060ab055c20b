import type { core, networking } from '../../../api/generated/types/index.ts'
import { containsIp, formatIp, parseCidr } from '../../../apimachinery/ip-address.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'
import { validLabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'
import type { AdminNetworkPolicy } from '../admin-policy.ts'
import { adminVerdict } from './admin-verdict.ts'
import type { Packet } from './model-table.ts'

export interface PlainWorld {
  readonly policies: readonly networking.v1.NetworkPolicy[]
  readonly namespaces: ReadonlyMap<string, StringMap>
  readonly pods: readonly core.v1.Pod[]
  readonly nodes: readonly core.v1.Node[]
  readonly adminPolicies: readonly AdminNetworkPolicy[]
  readonly baseline: readonly AdminNetworkPolicy[]
}

type Direction = 'Ingress' | 'Egress'

const podOf = (world: PlainWorld, address: string): core.v1.Pod | undefined =>
  world.pods.find(
    ({ spec, status }) =>
      spec?.hostNetwork !== true &&
      !['Succeeded', 'Failed'].includes(status?.phase ?? '') &&
      status?.podIPs?.some(({ ip }) => ip === address),
  )

/** From a pod of the node `here` to the node itself: only administrators may refuse it. */
export function mayReachOwnNode(world: PlainWorld, packet: Packet, here: string): boolean {
  const pod = podOf(world, formatIp(packet.from))
  if (pod?.spec?.nodeName !== here) return true
  const meeting = { world, packet, pod, direction: 'Egress', from: pod, to: undefined } as const
  const first = adminVerdict(world.adminPolicies, meeting)
  return first === 'Pass' ? adminVerdict(world.baseline, meeting) !== 'Deny' : first === 'Allow'
}

/** What the documents say, read out packet by packet: the plain twin of the compiled table, for the node `here`. */
export function mayPass(world: PlainWorld, packet: Packet, here: string): boolean {
  const from = podOf(world, formatIp(packet.from))
  const to = podOf(world, formatIp(packet.to))
  const itself = packet.from.value === packet.to.value && packet.from.family === packet.to.family
  const isHere = (pod: core.v1.Pod | undefined): pod is core.v1.Pod => pod?.spec?.nodeName === here

  const admits = (pod: core.v1.Pod, direction: Direction): boolean => {
    const verdict = (policies: readonly AdminNetworkPolicy[]) =>
      adminVerdict(policies, { world, packet, pod, direction, from, to })
    const first = verdict(world.adminPolicies)
    if (first !== 'Pass') return first === 'Allow'
    const ours = world.policies.filter(
      ({ metadata, spec }) =>
        metadata?.namespace === pod.metadata?.namespace &&
        spec?.policyTypes?.includes(direction) &&
        validLabelMatcher(spec.podSelector ?? {}).matches(pod.metadata?.labels),
    )
    if (ours.length > 0) return ours.some((policy) => ruleAdmits(policy, direction))
    return verdict(world.baseline) !== 'Deny'
  }

  const ruleAdmits = ({ metadata, spec }: networking.v1.NetworkPolicy, direction: Direction): boolean => {
    const namespace = metadata?.namespace ?? ''
    if (direction === 'Ingress')
      return (spec?.ingress ?? []).some(
        (rule) =>
          peerMatches(rule.from ?? [], namespace, packet.from, from) && portMatches(rule.ports ?? [], false),
      )
    return (spec?.egress ?? []).some((rule) => {
      const blocks = (rule.to ?? []).filter(({ ipBlock }) => ipBlock !== undefined)
      const others = (rule.to ?? []).filter(({ ipBlock }) => ipBlock === undefined)
      const all = (rule.to ?? []).length === 0
      return (
        (blocks.length > 0 &&
          peerMatches(blocks, namespace, packet.to, to) &&
          portMatches(rule.ports ?? [], true)) ||
        ((all || (others.length > 0 && peerMatches(others, namespace, packet.to, to))) &&
          portMatches(rule.ports ?? [], false))
      )
    })
  }

  const peerMatches = (
    peers: readonly networking.v1.NetworkPolicyPeer[],
    namespace: string,
    address: Packet['from'],
    pod: core.v1.Pod | undefined,
  ): boolean =>
    peers.length === 0 ||
    peers.some(({ ipBlock, namespaceSelector, podSelector }) => {
      if (ipBlock !== undefined) {
        const within = (cidr = ''): boolean => {
          const range = parseCidr(cidr)
          return range !== undefined && containsIp(range, address)
        }
        return within(ipBlock.cidr) && !(ipBlock.except ?? []).some(within)
      }
      if (pod === undefined) return false
      const itsNamespace = pod.metadata?.namespace ?? ''
      const namespaceMatches =
        namespaceSelector === undefined
          ? itsNamespace === namespace
          : validLabelMatcher(namespaceSelector).matches(world.namespaces.get(itsNamespace))
      return namespaceMatches && validLabelMatcher(podSelector ?? {}).matches(pod.metadata?.labels)
    })

  const portMatches = (ports: readonly networking.v1.NetworkPolicyPort[], byAddress: boolean): boolean =>
    ports.length === 0 ||
    ports.some(({ protocol = 'TCP', port, endPort }) => {
      if (protocol.toLowerCase() !== packet.protocol) return false
      if (port === undefined) return true
      if (typeof port === 'number') return packet.port >= port && packet.port <= (endPort ?? port)
      const named = (to?.spec?.containers ?? [])
        .flatMap((container) => container.ports ?? [])
        .find((each) => each.name === port && (each.protocol ?? 'TCP') === protocol)
      return !byAddress && named?.containerPort === packet.port
    })

  if (itself && isHere(from)) return true
  return (!isHere(from) || admits(from, 'Egress')) && (!isHere(to) || admits(to, 'Ingress'))
}
