import { qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'
import type { StringRecord } from '../../runtime/messages.ts'
import type { MachineLimits, MemoryQualitySettings } from './resource-rules.ts'

type Pod = core.v1.Pod

const memoryOf = (list: Readonly<Record<string, string>> | undefined): number =>
  quantityUnits(list?.['memory'] ?? '0')

const settingsOf = ({ rules, cgroupV2 }: MachineLimits): MemoryQualitySettings | undefined =>
  cgroupV2 ? rules.memoryQuality : undefined

/** What is never reclaimed of those that limit what they request, and rather not of others. */
const protection = (pod: Pod): 'memory.min' | 'memory.low' =>
  qosClass(pod) === 'Guaranteed' ? 'memory.min' : 'memory.low'

/**
 * The kernel's protection and throttling of a container's memory (KEP-2570): it is slowed down from
 * floor[(request + factor × (limit or what pods may have − request)) / page] × page on.
 */
export function containerMemoryQuality(
  pod: Pod,
  container: core.v1.Container,
  machine: MachineLimits,
): StringRecord {
  const settings = settingsOf(machine)
  if (settings === undefined) return {}
  const request = memoryOf(container.resources?.requests)
  const limit = memoryOf(container.resources?.limits)
  const { pageBytes, podMemoryBytes } = machine
  const reserved =
    request !== 0 && settings.reserves
      ? { [protection(pod)]: String(request) }
      : { 'memory.min': '0', 'memory.low': '0' }
  if (request === limit) return reserved
  const most = limit === 0 ? podMemoryBytes : limit
  const high = Math.floor((request + (most - request) * settings.throttlingFactor) / pageBytes) * pageBytes
  return most > 0 && high > request ? { ...reserved, 'memory.high': String(high) } : reserved
}

/** The same for the group of a whole pod, which covers what its containers are promised. */
export function podMemoryQuality(pod: Pod, requestBytes: number, machine: MachineLimits): StringRecord {
  const settings = settingsOf(machine)
  return settings?.reserves && requestBytes > 0 ? { [protection(pod)]: String(requestBytes) } : {}
}

/** The same for the groups of all pods and of a class: `guaranteed` and `burstable` are what those request. */
export function classMemoryQuality(
  { guaranteed, burstable }: { readonly guaranteed: number; readonly burstable: number },
  machine: MachineLimits,
): { readonly all: StringRecord; readonly burstable: StringRecord } | undefined {
  const settings = settingsOf(machine)
  if (settings === undefined) return undefined
  const kept = settings.reserves
  return {
    all: { 'memory.min': String(kept ? guaranteed + burstable : 0) },
    burstable: { 'memory.low': String(kept ? burstable : 0) },
  }
}
