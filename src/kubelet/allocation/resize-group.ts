import type { core } from '../../api/generated/types/index.ts'
import { quantityMilli, quantityUnits } from '../../apimachinery/quantity.ts'
import type { PodContext } from '../pod/pod-context.ts'
import { cpuQuota, cpuShares, quotaPeriodUs, sharesMilli } from '../pod/runtime-config/container-resources.ts'
import type { CgroupLimits } from '../pod/runtime-config/pod-cgroup.ts'
import { overheadResources } from '../pod/runtime-config/sandbox-config.ts'
import type { ContainerResources } from '../runtime/messages.ts'
import { isRuntimeError } from '../runtime/runtime.ts'

type Pod = core.v1.Pod

export interface GroupContext {
  readonly cgroups: Pick<PodContext['cgroups'], 'resize'>
  readonly runtime: Pick<PodContext['runtime'], 'updatePodSandboxResources'>
}

/** What the runtime is told of a pod's group: all but what the RuntimeClass adds to the containers. */
function groupResources(limits: CgroupLimits, { spec }: Pod): ContainerResources {
  const cpu = quantityMilli(spec?.overhead?.['cpu'] ?? '0')
  const memory = quantityUnits(spec?.overhead?.['memory'] ?? '0')
  const { cpuQuotaUs, cpuPeriodUs = quotaPeriodUs, memoryBytes } = limits
  return {
    cpuShares: cpu === 0 ? limits.cpuShares : cpuShares(sharesMilli(limits.cpuShares) - cpu),
    ...(cpuQuotaUs === undefined
      ? {}
      : { cpuPeriod: cpuPeriodUs, cpuQuota: cpuQuotaUs - cpuQuota(cpu, cpuPeriodUs) }),
    ...(memoryBytes === undefined ? {} : { memoryLimitInBytes: memoryBytes - memory }),
  }
}

/** Told best effort: many runtimes know nothing of it. */
async function tell(
  { runtime }: GroupContext,
  sandboxId: string,
  pod: Pod,
  limits: CgroupLimits,
): Promise<void> {
  try {
    await runtime.updatePodSandboxResources(sandboxId, overheadResources(pod), groupResources(limits, pod))
  } catch (error) {
    if (!isRuntimeError(error, 'Unimplemented')) throw error
  }
}

/**
 * Holds a pod's group to other limits. The runtime is told first, and may refuse; it is told back where the group
 * cannot be changed. Resolves to what the group is held to then.
 */
export async function resizeGroup(
  context: GroupContext,
  pod: Pod,
  sandboxId: string | undefined,
  current: CgroupLimits,
  change: Partial<CgroupLimits>,
): Promise<CgroupLimits> {
  const next = { ...current, ...change }
  if (sandboxId !== undefined) await tell(context, sandboxId, pod, next)
  try {
    await context.cgroups.resize(pod, change)
  } catch (error) {
    if (sandboxId !== undefined) await tell(context, sandboxId, pod, current).catch(() => {})
    throw error
  }
  return next
}
