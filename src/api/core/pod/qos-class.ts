import type { StringMap } from '../../../apimachinery/meta.ts'
import { amountOf } from '../../../apimachinery/quantity.ts'
import type { core } from '../../generated/types/index.ts'
import { initAndMainContainers } from './init-and-main-containers.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const compute = ['cpu', 'memory'] as const

const nanoOf = (list: StringMap | undefined, name: string): bigint => {
  const text = list?.[name]
  return text === undefined ? 0n : (amountOf(text)?.nano ?? 0n)
}

/** Any processor or memory asked for, or limited. */
function asks(resources: core.v1.ResourceRequirements | undefined): boolean {
  return compute.some(
    (name) => nanoOf(resources?.requests, name) > 0n || nanoOf(resources?.limits, name) > 0n,
  )
}

const hasAllLimits = (resources: core.v1.ResourceRequirements | undefined): boolean =>
  compute.every((name) => nanoOf(resources?.limits, name) > 0n)

/** What a pod's containers (or, where set, its pod-level resources) promise: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
export function qosClass(pod: core.v1.Pod): QosClass {
  const ofPod = pod.spec?.resources
  const all = ofPod !== undefined ? [ofPod] : initAndMainContainers(pod.spec).map((c) => c.resources)
  if (!all.some(asks)) return 'BestEffort'
  if (!all.every(hasAllLimits)) return 'Burstable'
  const equal = compute.every((name) => {
    const requested = all.map((resources) => nanoOf(resources?.requests, name))
    const limited = all.map((resources) => nanoOf(resources?.limits, name))
    const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)
    return sum(requested) === sum(limited) && requested.some((amount) => amount > 0n)
  })
  return equal ? 'Guaranteed' : 'Burstable'
}
