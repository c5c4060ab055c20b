import type { core } from '../../../api/generated/types/index.ts'
import { quantityMilli, quantityOfUnits, quantityUnits } from '../../../apimachinery/quantity.ts'
import type { ComputeAmounts } from '../../allocation/granted-resources.ts'
import type { ContainerResources } from '../../runtime/messages.ts'
import type { ObservedContainer } from '../observed-pod.ts'
import { leastCpuShares, quotaPeriodUs, sharesMilli } from '../runtime-config/container-resources.ts'

type Requirements = core.v1.ResourceRequirements
type ResourceList = Readonly<Record<string, string>>

/** What the kernel cannot tell from less, in thousandths of a core (pkg/kubelet/cm). */
export const leastMilliLimit = 10

/** As the runtime tells them; what it does not tell is as it was told. */
function amountsOf({ resources, amounts }: ObservedContainer): ComputeAmounts {
  const told = resources === undefined ? {} : toldAmounts(resources)
  return { ...amounts, ...told }
}

function toldAmounts(resources: ContainerResources): Partial<ComputeAmounts> {
  const { cpuQuota = 0, cpuPeriod = quotaPeriodUs, cpuShares = 0, memoryLimitInBytes = 0 } = resources
  return {
    ...(cpuQuota > 0 ? { cpuLimit: quotaMilli(cpuQuota, cpuPeriod) } : {}),
    ...(cpuShares > 0 ? { cpuRequest: sharesMilli(cpuShares) } : {}),
    ...(memoryLimitInBytes > 0 ? { memoryLimit: memoryLimitInBytes } : {}),
  }
}

/** Thousandths of a core that a quota comes to. */
export const quotaMilli = (quotaUs: number, periodUs: number): number =>
  Math.floor((quotaUs * 1000) / periodUs)

const milliText = (milli: number): string => (milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`)

/** The list with what is in force, unless neither can be told from `least`. */
export function withCpu(list: ResourceList, milli: number, least: number): ResourceList {
  const given = quantityMilli(list['cpu'] ?? '0')
  const isSame = milli === given || milli === 0 || Math.max(milli, given) <= least
  return isSame ? list : { ...list, cpu: milliText(milli) }
}

export function withMemory(list: ResourceList, bytes: number): ResourceList {
  const given = quantityUnits(list['memory'] ?? '0')
  return bytes === given || bytes === 0 ? list : { ...list, memory: quantityOfUnits(bytes, 'BinarySI') }
}

/** What a container shows as its resources: what it was granted, but for what is not in force yet while it runs. */
export function resourcesInForce(given: Requirements, container: ObservedContainer): Requirements {
  if (container.state !== 'running') return given
  const { cpuLimit, cpuRequest, memoryLimit, memoryRequest } = amountsOf(container)
  const { limits, requests } = given
  return {
    ...given,
    ...(limits === undefined
      ? {}
      : { limits: withMemory(withCpu(limits, cpuLimit, leastMilliLimit), memoryLimit) }),
    ...(requests === undefined
      ? {}
      : { requests: withMemory(withCpu(requests, cpuRequest, leastCpuShares), memoryRequest) }),
  }
}
