import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import { qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { nodeCriticalPriority } from '../../../api/scheduling/system-priorities.ts'
import { quantityMilli, quantityUnits } from '../../../apimachinery/quantity.ts'
import type { ContainerResources, StringRecord } from '../../runtime/messages.ts'
import { hugepageAmounts } from './hugepages.ts'
import { containerMemoryQuality } from './memory-quality.ts'
import type { MachineLimits } from './resource-rules.ts'
import { swapLimits } from './swap-limits.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

/** Of the kernel's scheduler, as upstream has them (pkg/kubelet/cm/helpers_linux.go). */
export const leastCpuShares = 2
const maxShares = 262_144
const sharesPerCpu = 1024
export const quotaPeriodUs = 100_000
const minQuotaUs = 1_000

const guaranteedScore = -997
const bestEffortScore = 1000

export function cpuShares(milliCpu: number): number {
  if (milliCpu === 0) return leastCpuShares
  return Math.min(Math.max(Math.floor((milliCpu * sharesPerCpu) / 1000), leastCpuShares), maxShares)
}

/** Thousandths of a core that come to so many shares. */
export const sharesMilli = (shares: number): number =>
  shares < leastCpuShares ? 0 : Math.ceil((shares * 1000) / sharesPerCpu)

/** Microseconds for each period; 0: no limit. */
export function cpuQuota(milliCpu: number, periodUs = quotaPeriodUs): number {
  if (milliCpu === 0) return 0
  return Math.max(Math.floor((milliCpu * periodUs) / 1000), minQuotaUs)
}

const amount = (list: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
  list?.[name]

export function containerResources(
  pod: Pod,
  container: Container,
  machine: MachineLimits,
): ContainerResources {
  const { limits, requests } = container.resources ?? {}
  const podLimits = pod.spec?.resources?.limits
  const cpuLimit = quantityMilli(amount(limits, 'cpu') ?? amount(podLimits, 'cpu') ?? '0')
  const cpuRequest = amount(requests, 'cpu')
  const memory = quantityUnits(amount(limits, 'memory') ?? amount(podLimits, 'memory') ?? '0')
  const { rules } = machine
  const periodUs = rules.cpuPeriodUs ?? quotaPeriodUs
  const together: StringRecord =
    machine.cgroupV2 && rules.killsSingleProcess !== true ? { 'memory.oom.group': '1' } : {}
  const swap = swapLimits(pod, container, memory, machine)
  const unified = { ...together, ...swap.unified, ...containerMemoryQuality(pod, container, machine) }
  const hugepages = hugepageAmounts(
    Object.entries({ ...podLimits, ...limits }).map(([name, text]) => [name, quantityUnits(text)]),
    machine.hugepageSizes,
  )
  return {
    cpuShares: cpuShares(cpuRequest === undefined ? cpuLimit : quantityMilli(cpuRequest)),
    ...(rules.enforcesCpuLimits === false
      ? {}
      : { cpuPeriod: periodUs, cpuQuota: cpuQuota(cpuLimit, periodUs) }),
    ...(memory === 0 ? {} : { memoryLimitInBytes: memory }),
    ...swap,
    oomScoreAdj: oomScore(pod, container, machine.memoryBytes),
    hugepageLimits: Object.entries(hugepages).map(([pageSize, limit]) => ({ pageSize, limit })),
    ...(Object.keys(unified).length === 0 ? {} : { unified }),
  }
}

/** How soon the kernel kills its processes when memory runs out: 1000 first, -1000 never. */
export function oomScore(pod: Pod, container: Container, memoryBytes: number): number {
  if ((pod.spec?.priority ?? 0) >= nodeCriticalPriority) return guaranteedScore
  const qos = qosClass(pod)
  if (qos === 'Guaranteed') return guaranteedScore
  if (qos === 'BestEffort') return bestEffortScore
  const requested = memoryRequest(container) + podRemainder(pod)
  const smallest = Math.min(...(pod.spec?.containers ?? []).map(memoryRequest)) + podRemainder(pod)
  const own = 1000 - Math.floor((1000 * requested) / memoryBytes)
  const score = isSidecar(container) ? Math.min(own, 1000 - Math.floor((1000 * smallest) / memoryBytes)) : own
  return Math.min(Math.max(score, 1000 + guaranteedScore), bestEffortScore - 1)
}

const memoryRequest = (container: Container): number =>
  quantityUnits(amount(container.resources?.requests, 'memory') ?? '0')

/** What a pod-level request has beyond its containers', divided among them. */
function podRemainder(pod: Pod): number {
  const total = amount(pod.spec?.resources?.requests, 'memory')
  if (total === undefined) return 0
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isSidecar)]
  const asked = containers.reduce((sum, container) => sum + memoryRequest(container), 0)
  return Math.max(Math.floor((quantityUnits(total) - asked) / Math.max(containers.length, 1)), 0)
}
