import { initAndMainContainers } from '../../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { quantityMilli } from '../../../apimachinery/quantity.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

type Amounts = Readonly<Record<string, string>>

const counted = ['cpu', 'memory']

const positive = (amounts: Amounts | undefined, name: string): string | undefined => {
  const value = amounts?.[name]
  return value !== undefined && quantityMilli(value) > 0 ? value : undefined
}

/** How the kernel treats a pod under pressure (https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/). */
export function podQosClass(pod: core.v1.Pod): QosClass {
  const spec = pod.spec
  const holders = spec?.resources === undefined ? initAndMainContainers(spec) : [spec]
  let any = false
  let guaranteed = true
  for (const { resources } of holders) {
    for (const name of counted) {
      const limit = positive(resources?.limits, name)
      const request = positive(resources?.requests, name)
      if (limit !== undefined || request !== undefined) any = true
      const equal =
        limit !== undefined && (request === undefined || quantityMilli(request) === quantityMilli(limit))
      if (!equal) guaranteed = false
    }
  }
  if (!any) return 'BestEffort'
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
