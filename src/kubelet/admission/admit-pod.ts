import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import { admitsNode } from '../../api/core/pod/node-affinity.ts'
import { addAmounts, podRequests } from '../../api/core/pod/pod-requests.ts'
import type { core } from '../../api/generated/types/index.ts'
import { quantityMilli, quantityUnits } from '../../apimachinery/quantity.ts'

type Node = core.v1.Node
type Pod = core.v1.Pod

export interface Rejection {
  readonly reason: string
  readonly message: string
}

interface HostPort {
  readonly ip: string
  readonly port: number
  readonly protocol: string
}

const anyAddress: readonly string[] = ['', '0.0.0.0', '::']

const hostPorts = (pod: Pod): readonly HostPort[] =>
  initAndMainContainers(pod.spec).flatMap((container) =>
    (container.ports ?? [])
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ hostIP, hostPort, protocol }) => ({
        ip: hostIP ?? '',
        port: hostPort ?? 0,
        protocol: protocol ?? 'TCP',
      })),
  )

const clash = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port &&
  a.protocol === b.protocol &&
  (a.ip === b.ip || anyAddress.includes(a.ip) || anyAddress.includes(b.ip))

function sumOfRequests(pods: readonly Pod[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>()
  for (const pod of pods) addAmounts(sum, podRequests(pod, { held: true }))
  return sum
}

/** Why a node refuses a pod that it was given, with upstream's texts (pkg/kubelet/lifecycle/predicate.go); `others` hold its resources already. */
export function admitPod(pod: Pod, node: Node, others: readonly Pod[]): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {}
  const misfit = unsupported(pod, node)
  if (misfit !== undefined) return misfit
  const pods = quantityUnits(allocatable.pods ?? '0')
  if (others.length + 1 > pods) return outOf('pods', 1, others.length, pods)
  // What the node does not have at all is a device's affair: cleaned up later, as upstream.
  const wanted = [...podRequests(pod)].filter(
    ([name, amount]) => amount !== 0 && allocatable[name] !== undefined,
  )
  const used = wanted.length === 0 ? undefined : sumOfRequests(others)
  for (const [name, amount] of wanted) {
    const quantity = allocatable[name] ?? '0'
    const capacity = name === 'cpu' ? quantityMilli(quantity) : quantityUnits(quantity)
    const taken = used?.get(name) ?? 0
    if (taken + amount > capacity) return outOf(name, amount, taken, capacity)
  }
  if (!admitsNode(pod, node)) {
    const text = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    return { reason: 'NodeAffinity', message: text }
  }
  const ports = hostPorts(pod)
  const taken = ports.length === 0 ? [] : others.flatMap(hostPorts)
  if (ports.some((port) => taken.some((other) => clash(port, other)))) {
    const text = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
    return { reason: 'NodePorts', message: text }
  }
  return undefined
}

/** What no room on the node would help with. */
function unsupported({ metadata, spec }: Pod, { status }: Node): Rejection | undefined {
  const operatingSystem = status?.nodeInfo?.operatingSystem ?? 'linux'
  const label = metadata?.labels?.['kubernetes.io/os']
  if (label !== undefined && label !== operatingSystem) {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message }
  }
  if (spec?.os !== undefined && spec.os.name !== operatingSystem) {
    const message = "Failed to admit pod as the OS field doesn't match node OS"
    return { reason: 'PodOSNotSupported', message }
  }
  const strict = spec?.securityContext?.supplementalGroupsPolicy === 'Strict'
  if (strict && status?.features?.supplementalGroupsPolicy !== true) {
    const message = 'SupplementalGroupsPolicy=Strict is not supported in this node'
    return { reason: 'SupplementalGroupsPolicyNotSupported', message }
  }
  return undefined
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  const text = `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return { reason: `OutOf${resource}`, message: text }
}
