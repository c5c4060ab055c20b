import { qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'
import type { ContainerResources } from '../../runtime/messages.ts'
import { isCriticalPod } from '../../static/critical-pod.ts'
import type { MachineLimits, SwapBehaviour } from './resource-rules.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

const memoryOf = (list: Readonly<Record<string, string>> | undefined): number =>
  quantityUnits(list?.['memory'] ?? '0')

/** Whether a container may swap: it asks for memory, not for all that it may have, and its pod is not critical (KEP-2400). */
function swapBehaviour(pod: Pod, container: Container, machine: MachineLimits): SwapBehaviour {
  const { rules, cgroupV2, swapAccounting } = machine
  if (rules.swap !== 'LimitedSwap' || !cgroupV2 || !swapAccounting || isCriticalPod(pod)) return 'NoSwap'
  const request = memoryOf(container.resources?.requests)
  const limit = memoryOf(container.resources?.limits)
  return qosClass(pod) !== 'Burstable' || request === limit ? 'NoSwap' : 'LimitedSwap'
}

/** What of the machine's swap a container may use: the share of its memory that it requests. */
function limitedSwap(container: Container, { memoryBytes, swapBytes }: MachineLimits): number {
  const request = memoryOf(container.resources?.requests)
  return request > memoryBytes ? 0 : Math.trunc((request / memoryBytes) * swapBytes)
}

/** What the runtime is told of swap; nothing where the kernel does not count it. `memory`: the limit, 0 for none. */
export function swapLimits(
  pod: Pod,
  container: Container,
  memory: number,
  machine: MachineLimits,
): Pick<ContainerResources, 'unified' | 'memorySwapLimitInBytes'> {
  if (!machine.swapAccounting) return {}
  if (!machine.cgroupV2) return memory === 0 ? {} : { memorySwapLimitInBytes: memory }
  const bytes = swapBehaviour(pod, container, machine) === 'NoSwap' ? 0 : limitedSwap(container, machine)
  return { unified: { 'memory.swap.max': String(bytes) } }
}
