import type { core } from '../../api/generated/types/index.ts'
import { aggregate } from '../../apimachinery/aggregate.ts'
import type { ObservedPod } from '../pod/observed-pod.ts'
import type { NodeFacts, PodContext } from '../pod/pod-context.ts'
import { containerResources } from '../pod/runtime-config/container-resources.ts'
import { type CgroupLimits, podComputeLimits } from '../pod/runtime-config/pod-cgroup.ts'
import { type MachineLimits, withoutCpuLimits } from '../pod/runtime-config/resource-rules.ts'
import { describePod } from '../pod/runtime-config/security-context.ts'
import { isRuntimeError } from '../runtime/runtime.ts'
import type { AllocationManager } from './allocation-manager.ts'
import { type ComputeAmounts, computeAmounts } from './granted-resources.ts'
import { type ComputeResource, type ContainerResize, change, type PodResize } from './resize-actions.ts'
import { resizeGroup } from './resize-group.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

/** What it needs of what workers are handed. */
export interface ResizeContext {
  readonly allocations: AllocationManager
  readonly cgroups: Pick<PodContext['cgroups'], 'limits' | 'resize'>
  readonly runtime: Pick<
    PodContext['runtime'],
    'containerStats' | 'updateContainerResources' | 'updatePodSandboxResources'
  >
  readonly facts: () => Pick<NodeFacts, 'machine'>
  readonly managers: Pick<PodContext['managers'], 'ownsCpus'>
}

export interface ResizeWork {
  /** As it was granted. */
  readonly pod: Pod
  readonly observed: ObservedPod
  readonly resize: PodResize
}

type LimitContext = Pick<ResizeContext, 'facts' | 'managers'>

const machineFor = ({ facts, managers }: LimitContext, pod: Pod, container?: string): MachineLimits =>
  withoutCpuLimits(facts().machine, managers.ownsCpus(pod.metadata?.uid ?? '', container))

const unlimitedQuota = -1
const resources: readonly ComputeResource[] = ['memory', 'cpu']

/**
 * Brings a pod's running containers and its group to what it was granted, as upstream's `doPodResizeAction`:
 * memory, then processor; of each the group first where it grows, and last where it shrinks. What is done is
 * kept step by step: who comes again goes on. Rejects with what users are shown.
 */
export async function resizePod(context: ResizeContext, work: ResizeWork): Promise<void> {
  const { allocations, cgroups } = context
  const { pod, observed, resize } = work
  const uid = pod.metadata?.uid ?? ''
  await allocations.kept(uid)
  const wanted = podComputeLimits(pod, machineFor(context, pod).rules)
  const current = cgroups.limits(uid) ?? wanted
  await refuseTooLittleMemory(context, work, current, wanted)
  const sandboxId = observed.sandboxes[0]?.id
  let held = current
  const apply = async (steps: readonly GroupStep[]): Promise<void> => {
    for (const { limits } of steps) held = await resizeGroup(context, pod, sandboxId, held, limits)
  }
  // What each container has by now: the second resource leaves the first as it was made.
  const reached = new Map(resize.containers.map(({ id, from }) => [id, from]))
  for (const resource of resources) {
    const containers = inOrder(resize.containers, resource)
    if (containers.length === 0 && !resize.whole) continue
    const steps = groupSteps(resource, current, wanted)
    await apply(steps.filter(({ grows }) => grows))
    for (const { id, container, to } of containers) {
      const next = withResource(reached.get(id) ?? to, to, resource)
      await updateContainer(context, pod, container, id, next)
      reached.set(id, next)
      await allocations.applied(uid, next, id)
    }
    await apply(steps.filter(({ grows }) => !grows))
  }
  if (resize.whole) await allocations.applied(uid, computeAmounts(pod.spec?.resources))
}

/** The pod's group is not held to what was granted: what starts may not fit into it. */
export function groupLags(context: LimitContext & Pick<ResizeContext, 'cgroups'>, pod: Pod): boolean {
  const current = context.cgroups.limits(pod.metadata?.uid ?? '')
  if (current === undefined) return false
  const wanted = podComputeLimits(pod, machineFor(context, pod).rules)
  return resources.some((resource) => groupSteps(resource, current, wanted).length > 0)
}

const withResource = (
  before: ComputeAmounts,
  after: ComputeAmounts,
  resource: ComputeResource,
): ComputeAmounts =>
  resource === 'cpu'
    ? { ...before, cpuRequest: after.cpuRequest, cpuLimit: after.cpuLimit }
    : { ...before, memoryRequest: after.memoryRequest, memoryLimit: after.memoryLimit }

/** Those that shrink go first. */
function inOrder(all: readonly ContainerResize[], resource: ComputeResource): readonly ContainerResize[] {
  const changes = all.flatMap((resize) => {
    const found = change(resize, resource)
    return found === undefined ? [] : [{ resize, grows: found.to > found.from ? 1 : 0 }]
  })
  return changes.sort((a, b) => a.grows - b.grows).map(({ resize }) => resize)
}

interface GroupStep {
  readonly grows: boolean
  readonly limits: Partial<CgroupLimits>
}

/** What of the pod's group changes; what is not limited any more stays as it is, as upstream. */
function groupSteps(
  resource: ComputeResource,
  current: CgroupLimits,
  wanted: CgroupLimits,
): readonly GroupStep[] {
  if (resource === 'memory') {
    const { memoryBytes } = wanted
    const before = current.memoryBytes ?? Number.POSITIVE_INFINITY
    if (memoryBytes === undefined || memoryBytes === before) return []
    return [{ grows: memoryBytes > before, limits: { memoryBytes } }]
  }
  const { cpuShares, cpuQuotaUs, cpuPeriodUs } = wanted
  const quota = current.cpuQuotaUs ?? unlimitedQuota
  const limit: readonly GroupStep[] =
    cpuQuotaUs === undefined || cpuPeriodUs === undefined || cpuQuotaUs === quota
      ? []
      : [{ grows: cpuQuotaUs > quota, limits: { cpuQuotaUs, cpuPeriodUs } }]
  const request: readonly GroupStep[] =
    cpuShares === current.cpuShares ? [] : [{ grows: cpuShares > current.cpuShares, limits: { cpuShares } }]
  // Growing, the limit goes first, shrinking the request: it never exceeds the limit.
  return request[0]?.grows === false ? [...request, ...limit] : [...limit, ...request]
}

async function updateContainer(
  context: ResizeContext,
  pod: Pod,
  container: Container,
  id: string,
  { cpuRequest, cpuLimit, memoryRequest, memoryLimit }: ComputeAmounts,
): Promise<void> {
  const { requests, limits } = container.resources ?? {}
  const resized: Container = {
    ...container,
    resources: {
      requests: { ...requests, cpu: `${cpuRequest}m`, memory: String(memoryRequest) },
      limits: { ...limits, cpu: `${cpuLimit}m`, memory: String(memoryLimit) },
    },
  }
  const machine = machineFor(context, pod, container.name)
  await context.runtime.updateContainerResources(id, containerResources(pod, resized, machine))
}

/** A limit below what is used would have processes killed. */
async function refuseTooLittleMemory(
  { runtime }: ResizeContext,
  { pod, observed, resize }: ResizeWork,
  current: CgroupLimits,
  wanted: CgroupLimits,
): Promise<void> {
  const podLimit =
    wanted.memoryBytes !== undefined && wanted.memoryBytes < (current.memoryBytes ?? Number.POSITIVE_INFINITY)
      ? wanted.memoryBytes
      : undefined
  const limits = new Map(
    resize.containers
      .filter(
        ({ from, to }) =>
          to.memoryLimit !== 0 && (from.memoryLimit === 0 || to.memoryLimit < from.memoryLimit),
      )
      .map(({ id, container, to }) => [id, { name: container.name, limit: to.memoryLimit }]),
  )
  if (podLimit === undefined && limits.size === 0) return
  const running = observed.containers.filter(({ state }) => state === 'running')
  const used = await Promise.all(
    running.map(async ({ id }) => {
      const { memory } = await runtime.containerStats(id).catch((error: unknown) => {
        // It has just ended, or was killed to start with other resources.
        if (isRuntimeError(error, 'NotFound')) return { memory: undefined }
        throw new Error(`unable to read memory usage for pod "${describePod(pod)}"`)
      })
      return [id, Number((memory?.usageBytes ?? memory?.workingSetBytes)?.value ?? 0)] as const
    }),
  )
  const total = used.reduce((sum, [, bytes]) => sum + bytes, 0)
  const errors = [
    ...(podLimit !== undefined && total >= podLimit
      ? [`attempting to set pod memory limit (${podLimit}) below current usage (${total})`]
      : []),
    ...used.flatMap(([id, bytes]) => {
      const wish = limits.get(id)
      if (wish === undefined || bytes < wish.limit) return []
      const text = `attempting to set container "${wish.name}" memory limit (${wish.limit}) below current usage`
      return [`${text} (${bytes})`]
    }),
  ]
  if (errors.length > 0) throw new Error(`cannot decrease memory limits: ${aggregate(errors)}`)
}
