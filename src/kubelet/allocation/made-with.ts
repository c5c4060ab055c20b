import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../api/generated/types/index.ts'
import { latestContainer, type ObservedPod } from '../pod/observed-pod.ts'
import type { PodResources } from './granted-resources.ts'

/** What the newest containers were made with; undefined where there are none. */
export function madeWith(pod: core.v1.Pod, observed: ObservedPod): PodResources | undefined {
  const newest = initAndMainContainers(pod.spec).flatMap(({ name }) => {
    const latest = latestContainer(observed, name)
    return latest === undefined ? [] : [latest]
  })
  if (newest.length === 0) return undefined
  const whole = newest.find(({ madeWith }) => madeWith.pod !== undefined)?.madeWith.pod
  return {
    containers: Object.fromEntries(newest.map(({ name, madeWith }) => [name, madeWith.container ?? {}])),
    ...(whole === undefined ? {} : { pod: whole }),
  }
}
