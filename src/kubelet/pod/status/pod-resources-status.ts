import { podQuantities } from '../../../api/core/pod/pod-quantities.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { leastCpuShares, sharesMilli } from '../runtime-config/container-resources.ts'
import { type CgroupLimits, podComputeLimits } from '../runtime-config/pod-cgroup.ts'
import { leastMilliLimit, quotaMilli, withCpu, withMemory } from './resources-in-force.ts'

type Pod = core.v1.Pod
type ResourceList = Readonly<Record<string, string>>

/**
 * What a pod as a whole was granted, and what its group is held to (KEP-5419). `group`: the kernel's limits;
 * undefined where there are no groups, and the pod has what it was granted.
 */
export function podResourcesStatus(
  pod: Pod,
  group: CgroupLimits | undefined,
): Pick<core.v1.PodStatus, 'allocatedResources' | 'resources'> {
  const { requests, limits } = podQuantities(pod, { withOverhead: true })
  const granted = Object.keys(requests ?? {}).length === 0 ? {} : { allocatedResources: requests ?? {} }
  // Before it runs nothing is in force yet.
  if (pod.status?.phase !== 'Running') return { ...granted, resources: said(requests, limits) }
  const { cpuShares, cpuQuotaUs = 0, cpuPeriodUs = 1, memoryBytes = 0 } = group ?? podComputeLimits(pod)
  const own = pod.spec?.resources
  const memory = requests?.['memory']
  const asked = { ...(memory === undefined ? {} : { memory }), ...own?.requests }
  return {
    ...granted,
    resources: said(
      withCpu(asked, sharesMilli(cpuShares), leastCpuShares),
      withMemory(
        withCpu(own?.limits ?? {}, quotaMilli(cpuQuotaUs, cpuPeriodUs), leastMilliLimit),
        memoryBytes,
      ),
    ),
  }
}

const said = (requests: ResourceList = {}, limits: ResourceList = {}): core.v1.ResourceRequirements => ({
  ...(Object.keys(requests).length === 0 ? {} : { requests }),
  ...(Object.keys(limits).length === 0 ? {} : { limits }),
})
