import { initAndMainContainers } from '../../../api/core/pod/init-and-main-containers.ts'
import { podRequests } from '../../../api/core/pod/pod-requests.ts'
import { type QosClass, qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { quantityMilli, quantityUnits } from '../../../apimachinery/quantity.ts'
import type { StringRecord } from '../../runtime/messages.ts'
import { cpuQuota, cpuShares, quotaPeriodUs } from './container-resources.ts'
import { hugepageAmounts } from './hugepages.ts'
import { podMemoryQuality } from './memory-quality.ts'
import type { MachineLimits, ResourceRules } from './resource-rules.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

/** Limits of the group that holds all of a pod's containers; what is absent is not limited. */
export interface CgroupLimits {
  readonly cpuShares: number
  readonly cpuQuotaUs?: number
  readonly cpuPeriodUs?: number
  readonly memoryBytes?: number
  /** What processes it may hold. */
  readonly pids?: number
  /** Bytes of each size of page, by the kernel's name for it. */
  readonly hugepages?: Readonly<Record<string, number>>
  /** Files of version 2 and what is written to them. */
  readonly unified?: StringRecord
}

/** What a pod's containers may use together, by the same rule as its requests; 0 where some container has no limit. */
export function podLimit(pod: Pod, resource: 'cpu' | 'memory'): number {
  const amount = resource === 'cpu' ? quantityMilli : quantityUnits
  const whole = pod.spec?.resources?.limits?.[resource]
  if (whole !== undefined) return amount(whole)
  const limits = initAndMainContainers(pod.spec).map((container) => container.resources?.limits?.[resource])
  if (limits.some((limit) => limit === undefined || amount(limit) === 0)) return 0
  // The rule of requests, applied to limits.
  const asRequests = (container: Container): Container => ({
    name: container.name,
    ...(container.restartPolicy === undefined ? {} : { restartPolicy: container.restartPolicy }),
    resources: { requests: container.resources?.limits ?? {} },
  })
  const twin: Pod = {
    spec: {
      containers: (pod.spec?.containers ?? []).map(asRequests),
      initContainers: (pod.spec?.initContainers ?? []).map(asRequests),
      ...(pod.spec?.overhead === undefined ? {} : { overhead: pod.spec.overhead }),
    },
  }
  return podRequests(twin).get(resource) ?? 0
}

/** Processor time and memory, as upstream's ResourceConfigForPod (pkg/kubelet/cm/helpers_linux.go). */
export function podComputeLimits(pod: Pod, rules: ResourceRules = {}): CgroupLimits {
  const { enforcesCpuLimits, cpuPeriodUs = quotaPeriodUs } = rules
  if (qosClass(pod) === 'BestEffort') return { cpuShares: cpuShares(0) }
  const quota = enforcesCpuLimits === false ? 0 : cpuQuota(podLimit(pod, 'cpu'), cpuPeriodUs)
  const memoryBytes = podLimit(pod, 'memory')
  return {
    cpuShares: cpuShares(podRequests(pod).get('cpu') ?? 0),
    ...(quota === 0 ? {} : { cpuQuotaUs: quota, cpuPeriodUs }),
    ...(memoryBytes === 0 ? {} : { memoryBytes }),
  }
}

/** Everything that a pod's group is held to. */
export function podCgroupLimits(pod: Pod, machine: MachineLimits): CgroupLimits {
  const { hugepageSizes, rules } = machine
  const requests = podRequests(pod)
  const unified = podMemoryQuality(pod, requests.get('memory') ?? 0, machine)
  return {
    ...podComputeLimits(pod, rules),
    ...(rules.podPids === undefined ? {} : { pids: rules.podPids }),
    ...(hugepageSizes.length === 0 ? {} : { hugepages: hugepageAmounts(requests, hugepageSizes) }),
    ...(Object.keys(unified).length === 0 ? {} : { unified }),
  }
}

/** The path of a pod's group from the root of all pods: guaranteed pods stand directly in it. */
export function podCgroupPath(podUid: string, qos: QosClass): readonly string[] {
  const own = `pod${podUid}`
  return qos === 'Guaranteed' ? ['kubepods', own] : ['kubepods', qos.toLowerCase(), own]
}

/** How a path of groups is called: nested directories for `cgroupfs`, nested slices for `systemd`. */
export function cgroupName(path: readonly string[], driver: 'cgroupfs' | 'systemd'): string {
  if (driver === 'cgroupfs') return `/${path.join('/')}`
  const parts = path.map((part) => part.replaceAll('-', '_'))
  return `${parts.join('-')}.slice`
}

/** The directory of that group below a hierarchy's root. */
export function cgroupDirectory(path: readonly string[], driver: 'cgroupfs' | 'systemd'): string {
  if (driver === 'cgroupfs') return path.join('/')
  return path.map((_, depth) => cgroupName(path.slice(0, depth + 1), driver)).join('/')
}

/** The path of a group by its name: `/a/b`, or `a-b.slice`. */
export function cgroupPath(name: string, driver: 'cgroupfs' | 'systemd'): readonly string[] {
  if (driver === 'cgroupfs') return name.split('/').filter((part) => part !== '')
  const own = name.slice(name.lastIndexOf('/') + 1).replace(/\.slice$/, '')
  return own.split('-').map((part) => part.replaceAll('_', '-'))
}
