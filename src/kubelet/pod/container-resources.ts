import type { core } from '../../api/generated/types/index.ts'
import { quantityMilli, quantityUnits } from '../../apimachinery/quantity.ts'
import type { ContainerResources } from '../runtime/messages.ts'
import { podQosClass } from './qos.ts'
import { isSidecar } from './restart-policy.ts'

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
/** Pods of at least this priority are critical to the node. */
const nodeCriticalPriority = 2_000_001_000

export function cpuShares(milliCpu: number): number {
  if (milliCpu === 0) return leastCpuShares
  return Math.min(Math.max(Math.floor((milliCpu * sharesPerCpu) / 1000), leastCpuShares), maxShares)
}

/** Thousandths of a core that come to so many shares. */
export const sharesMilli = (shares: number): number =>
  shares < leastCpuShares ? 0 : Math.ceil((shares * 1000) / sharesPerCpu)

/** Microseconds for each period; 0: no limit. */
export function cpuQuota(milliCpu: number): number {
  if (milliCpu === 0) return 0
  return Math.max(Math.floor((milliCpu * quotaPeriodUs) / 1000), minQuotaUs)
}

/** What the machine means for limits. */
export interface MachineLimits {
  readonly memoryBytes: number
  /** One hierarchy for all controllers. */
  readonly cgroupV2: boolean
  readonly swapAccounting: boolean
  /** Page sizes as the kernel's controller names them: `2MB`, `1GB`. */
  readonly hugepageSizes: readonly string[]
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
  const unified = machine.cgroupV2
    ? { unified: { 'memory.oom.group': '1', ...(machine.swapAccounting ? { 'memory.swap.max': '0' } : {}) } }
    : {}
  const swap = !machine.cgroupV2 && machine.swapAccounting && memory !== 0
  return {
    cpuShares: cpuShares(cpuRequest === undefined ? cpuLimit : quantityMilli(cpuRequest)),
    cpuPeriod: quotaPeriodUs,
    cpuQuota: cpuQuota(cpuLimit),
    ...(memory === 0 ? {} : { memoryLimitInBytes: memory }),
    ...(swap ? { memorySwapLimitInBytes: memory } : {}),
    oomScoreAdj: oomScore(pod, container, machine.memoryBytes),
    hugepageLimits: hugepageLimits({ ...podLimits, ...limits }, machine.hugepageSizes),
    ...unified,
  }
}

/** `hugepages-2Mi` limits the pages that the kernel calls `2MB`; sizes without a limit get none. */
function hugepageLimits(
  limits: Readonly<Record<string, string>>,
  sizes: readonly string[],
): NonNullable<ContainerResources['hugepageLimits']> {
  const wanted = new Map<number, number>()
  for (const [name, value] of Object.entries(limits)) {
    if (name.startsWith('hugepages-')) {
      wanted.set(quantityUnits(name.slice('hugepages-'.length)), quantityUnits(value))
    }
  }
  return sizes.map((pageSize) => {
    const bytes = quantityUnits(pageSize.replace(/([KMG])B$/, '$1i'))
    return { pageSize, limit: wanted.get(bytes) ?? 0 }
  })
}

/** How soon the kernel kills its processes when memory runs out: 1000 first, -1000 never. */
export function oomScore(pod: Pod, container: Container, memoryBytes: number): number {
  if ((pod.spec?.priority ?? 0) >= nodeCriticalPriority) return guaranteedScore
  const qos = podQosClass(pod)
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
