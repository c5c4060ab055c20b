import { goQuote } from '../../../apimachinery/go-text.ts'
import { quantityMilli, quantityUnits } from '../../../apimachinery/quantity.ts'
import type { Host } from '../../../base/host.ts'
import { messageOf } from '../../../base/message-of.ts'
import { sleep } from '../../../base/sleep.ts'
import type { PodCgroups } from '../../pod/pod-context.ts'
import { cpuShares } from '../../pod/runtime-config/container-resources.ts'
import { hugepageAmounts } from '../../pod/runtime-config/hugepages.ts'
import type { CgroupLimits } from '../../pod/runtime-config/pod-cgroup.ts'
import type { MachineLimits } from '../../pod/runtime-config/resource-rules.ts'
import type { NodeEvent } from '../node-events.ts'
import { capacityLess } from './node-allocatable.ts'
import type { NodeReservations, ResourceList } from './reservations.ts'

/** Upstream's pause between two tries to hold all pods to their part: evictions make room. */
const retryMs = 60_000

export interface EnforceOptions {
  readonly host: Host
  readonly nodeEvent: NodeEvent
  readonly cgroups: Pick<PodCgroups, 'start' | 'hold' | 'rootName'>
  readonly reservations: NodeReservations
  /** With `pid`, what processes the machine may have. */
  readonly capacity: ResourceList
  readonly machine: MachineLimits
  readonly signal: AbortSignal
}

/** What a group is held to that may have these amounts. `compressible`: of what can be taken back. */
function groupLimits(
  list: ResourceList,
  machine: MachineLimits,
  compressible = false,
): Partial<CgroupLimits> {
  const { cpu, memory, pid } = list
  const shares = cpu === undefined ? {} : { cpuShares: cpuShares(quantityMilli(cpu)) }
  if (compressible) return shares
  const amounts = Object.entries(list).map(([name, text]) => [name, quantityUnits(text)] as const)
  return {
    ...shares,
    ...(memory === undefined ? {} : { memoryBytes: quantityUnits(memory) }),
    ...(pid === undefined ? {} : { pids: quantityUnits(pid) }),
    ...(machine.hugepageSizes.length === 0
      ? {}
      : { hugepages: hugepageAmounts(amounts, machine.hugepageSizes) }),
  }
}

/**
 * Makes the groups of pods and holds them, the system and the agents to their parts, with upstream's events
 * (pkg/kubelet/cm/node_container_manager_linux.go). Rejects where a group of the latter two cannot be held.
 */
export async function enforceAllocatable(options: EnforceOptions): Promise<void> {
  const { cgroups, reservations, capacity, machine } = options
  if (cgroups.rootName === '') return
  const { system, kube, enforced } = reservations
  const forPods = enforced.includes('pods') ? capacityLess(capacity, system, kube) : capacity
  await holdPods(options, groupLimits(forPods, machine))
  for (const part of ['system', 'kube'] as const) {
    for (const compressible of [false, true]) {
      if (!enforced.includes(`${part}-reserved${compressible ? '-compressible' : ''}`)) continue
      await holdReserved(options, part, compressible)
    }
  }
}

async function holdPods(options: EnforceOptions, limits: Partial<CgroupLimits>): Promise<void> {
  const { cgroups, nodeEvent } = options
  const attempt = async (): Promise<boolean> => {
    try {
      await cgroups.start(limits)
      const text = 'Updated Node Allocatable limit across pods'
      nodeEvent('Normal', 'NodeAllocatableEnforced', text)
      return true
    } catch (error) {
      const text = `Failed to update Node Allocatable Limits ${goQuote(cgroups.rootName)}: ${messageOf(error)}`
      nodeEvent('Warning', 'FailedNodeAllocatableEnforcement', text)
      return false
    }
  }
  if (!(await attempt())) void again(options, attempt)
}

async function again({ host, signal }: EnforceOptions, attempt: () => Promise<boolean>): Promise<void> {
  do await sleep(host, retryMs, signal)
  while (!signal.aborted && !(await attempt()))
}

async function holdReserved(
  { cgroups, nodeEvent, reservations, machine }: EnforceOptions,
  part: 'system' | 'kube',
  compressible: boolean,
): Promise<void> {
  const group = part === 'system' ? reservations.systemGroup : reservations.kubeGroup
  const title = part === 'system' ? 'System Reserved' : 'Kube Reserved'
  const limits = groupLimits(reservations[part], machine, compressible)
  const memory = limits.memoryBytes
  const protects = machine.cgroupV2 && machine.rules.memoryQuality !== undefined && memory !== undefined
  try {
    await cgroups.hold(group, protects ? { ...limits, unified: { 'memory.min': String(memory) } } : limits)
  } catch (error) {
    const what = `${title}${compressible ? ' Compressible' : ''} Cgroup Limits on ${goQuote(group)}`
    const text = `Failed to enforce ${what}: ${messageOf(error)}`
    nodeEvent('Warning', 'FailedNodeAllocatableEnforcement', text)
    throw new Error(text)
  }
  const text = `Updated limits on ${part} reserved cgroup ${group}`
  nodeEvent('Normal', 'NodeAllocatableEnforced', text)
}
