import type { core } from '../../api/generated/types/index.ts'
import { type IpAddress, parseIp } from '../../apimachinery/ip-address.ts'
import type { StringMap } from '../../apimachinery/meta.ts'

/** A pod as policies see it. */
export interface PolicyPod {
  readonly namespace: string
  readonly labels: StringMap
  readonly addresses: readonly IpAddress[]
  /** `TCP http` → the number. */
  readonly namedPorts: ReadonlyMap<string, number>
  /** On this node, so that its traffic is judged here. */
  readonly local: boolean
}

export const namedPort = (protocol: string, name: string): string => `${protocol} ${name}`

/**
 * undefined for what has no address of its own: the host's network, not started yet, ended. `known`: addresses
 * that are known before the pod's status shows them.
 */
export function policyPod(
  pod: core.v1.Pod,
  nodeName: string,
  known?: readonly string[],
): PolicyPod | undefined {
  const { metadata, spec, status } = pod
  if (spec?.hostNetwork === true || status?.phase === 'Succeeded' || status?.phase === 'Failed')
    return undefined
  const texts = known ?? status?.podIPs?.map(({ ip }) => ip) ?? [status?.podIP]
  const addresses = texts.flatMap((text) => (text === undefined ? [] : (parseIp(text) ?? [])))
  if (addresses.length === 0) return undefined
  const namedPorts = new Map<string, number>()
  for (const { ports = [] } of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    for (const { name, protocol = 'TCP', containerPort } of ports) {
      if (name === undefined || containerPort === undefined) continue
      const key = namedPort(protocol, name)
      if (!namedPorts.has(key)) namedPorts.set(key, containerPort)
    }
  }
  return {
    namespace: metadata?.namespace ?? '',
    labels: metadata?.labels ?? {},
    addresses,
    namedPorts,
    local: spec?.nodeName === nodeName,
  }
}

/** Equal where policies see no difference; most changes of a pod are of its conditions. */
export function podText({ labels, addresses, namedPorts, local }: PolicyPod): string {
  const named = [...namedPorts].map(([name, port]) => `${name}=${port}`)
  return JSON.stringify([labels, addresses.map(({ value }) => value.toString()), named, local])
}

/**
 * Cluster DNS as a pod that rules can select: here each node answers at the Service's own address. CoreDNS'
 * labels, and the names of its ports.
 */
export function dnsPod(address: string): PolicyPod {
  const parsed = parseIp(address)
  return {
    namespace: 'kube-system',
    labels: { 'k8s-app': 'kube-dns' },
    addresses: parsed === undefined ? [] : [parsed],
    namedPorts: new Map([
      ['UDP dns', 53],
      ['TCP dns-tcp', 53],
      ['TCP metrics', 9153],
    ]),
    local: false,
  }
}
