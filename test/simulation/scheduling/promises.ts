import { podRequests } from '../../../src/api/core/pod/pod-requests.ts'
import { isPodTerminal } from '../../../src/api/core/pod/pod-state.ts'
import type { core } from '../../../src/api/generated/types/index.ts'
import { quantityMilli } from '../../../src/apimachinery/quantity.ts'
import { makePodInfo } from '../../../src/scheduler/pod-info.ts'

const hostname = (node: core.v1.Node | undefined): string =>
  node?.metadata?.labels?.['kubernetes.io/hostname'] ?? ''

/** What no placement may break, of the pods that are on nodes: room, host ports, pods that keep apart. */
export function brokenPromises(
  nodes: readonly core.v1.Node[],
  pods: readonly core.v1.Pod[],
): readonly string[] {
  const wrong: string[] = []
  for (const node of nodes) {
    const name = node.metadata?.name ?? ''
    const there = pods.filter((pod) => pod.spec?.nodeName === name && !isPodTerminal(pod))
    const cpu = there.reduce((sum, pod) => sum + (podRequests(pod).get('cpu') ?? 0), 0)
    const allocatable = quantityMilli(node.status?.allocatable?.cpu ?? '0')
    if (cpu > allocatable) wrong.push(`${name} has ${allocatable}m and its pods ask for ${cpu}m`)
    if (there.length > Number(node.status?.allocatable?.pods)) wrong.push(`${name} has too many pods`)
    const ports = there.flatMap((pod) => makePodInfo(pod).hostPorts.map(({ port }) => port))
    if (new Set(ports).size < ports.length) wrong.push(`a port of ${name} is given twice`)
    for (const pod of there) {
      for (const { selector, topologyKey } of makePodInfo(pod).affinity?.requiredAntiAffinity ?? []) {
        const others = there.filter((other) => other !== pod && selector.matches(other.metadata?.labels))
        if (topologyKey === 'kubernetes.io/hostname' && hostname(node) && others.length > 0)
          wrong.push(`${pod.metadata?.name} is on ${name} with ${others[0]?.metadata?.name}`)
      }
    }
  }
  return wrong
}
