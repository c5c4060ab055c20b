import type { Host } from '../../../base/host.ts'
import type { PodCgroups } from '../../pod/pod-context.ts'
import { machineCapacity } from '../capacity.ts'
import type { MachineInfo } from '../machine.ts'
import { machineLimits } from '../machine-limits.ts'
import type { NodeEvent } from '../node-events.ts'
import { evictionReservation, type NodeSettings } from '../node-object.ts'
import { enforceAllocatable } from './enforce-allocatable.ts'
import { whyNotReserved } from './node-allocatable.ts'
import { noReservations } from './reservations.ts'

export interface GroupsOptions {
  readonly host: Host
  readonly settings: NodeSettings
  readonly cgroups: PodCgroups
  readonly info: MachineInfo
  readonly nodeEvent: NodeEvent
  readonly signal: AbortSignal
}

/** Makes the groups that pods stand in. Rejects where the configuration keeps more than there is. */
export async function setUpGroups(options: GroupsOptions): Promise<void> {
  const { host, settings, cgroups, info, nodeEvent, signal } = options
  const { reservations = noReservations } = settings
  const own = machineCapacity(info)
  const why = whyNotReserved(own, reservations.system, reservations.kube, evictionReservation(settings, own))
  if (why !== undefined) throw new Error(why)
  const capacity = info.maxPids === 0 ? own : { ...own, pid: String(info.maxPids) }
  const machine = machineLimits(info, settings)
  await enforceAllocatable({ host, nodeEvent, cgroups, reservations, capacity, machine, signal })
}
