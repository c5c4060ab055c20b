import type { core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { defined } from '../../base/defined.ts'
import type { FsUsage } from '../eviction/pod-usage.ts'
import type { FileSystemState } from '../node/machine.ts'
import type { ContainerSnapshot, Measured, NodeSnapshot, PodSnapshot } from './snapshot.ts'
import type { GroupUsage, InterfaceUsage, Stall } from './usage.ts'

/** A part of `/stats/summary` (k8s.io/kubelet/pkg/apis/stats/v1alpha1). */
type Stats = Readonly<Record<string, unknown>>

/** Whose figures stand for the network of a machine or pod. */
const mainInterface = 'eth0'

const pressure = (stall: Stall | undefined): Stats | undefined => {
  if (stall === undefined) return undefined
  const data = ({ totalUs, avg10, avg60, avg300 }: Stall['some']): Stats => ({
    ...{ total: totalUs * 1000, avg10, avg60, avg300 },
  })
  return { full: data(stall.full), some: data(stall.some) }
}

function cpuStats({ usage, nanoCores }: Measured): Stats {
  const psi = pressure(usage.stalls?.cpu)
  return defined({
    time: formatTime(usage.timeMs),
    usageNanoCores: nanoCores,
    usageCoreNanoSeconds: usage.cpuNanos,
    psi,
  })
}

/** `capacityBytes`: what there is where the group itself has no limit; absent for what is not told then. */
function memoryStats({ memory, timeMs, stalls }: GroupUsage, capacityBytes?: number): Stats {
  const most = memory.limitBytes ?? capacityBytes
  return defined({
    time: formatTime(timeMs),
    availableBytes: most === undefined ? undefined : Math.max(most - memory.workingSetBytes, 0),
    usageBytes: memory.usageBytes,
    workingSetBytes: memory.workingSetBytes,
    rssBytes: memory.rssBytes,
    pageFaults: memory.pageFaults,
    majorPageFaults: memory.majorPageFaults,
    psi: pressure(stalls?.memory),
  })
}

const ioStats = ({ stalls, timeMs }: GroupUsage): Stats | undefined => {
  const psi = pressure(stalls?.io)
  return psi && { time: formatTime(timeMs), psi }
}

function swapStats({ swap, timeMs }: GroupUsage, capacityBytes: number): Stats | undefined {
  if (swap === undefined) return undefined
  const most = Math.min(swap.limitBytes ?? capacityBytes, capacityBytes)
  return {
    time: formatTime(timeMs),
    swapAvailableBytes: Math.max(most - swap.usageBytes, 0),
    swapUsageBytes: swap.usageBytes,
  }
}

function networkStats(interfaces: readonly InterfaceUsage[], timeMs: number): Stats | undefined {
  if (interfaces.length === 0) return undefined
  const told = interfaces.map(({ name, received, sent }) => ({
    name,
    ...{ rxBytes: received.bytes, rxErrors: received.errors },
    ...{ txBytes: sent.bytes, txErrors: sent.errors },
  }))
  const main = told.find(({ name }) => name === mainInterface) ?? { name: '' }
  return { time: formatTime(timeMs), ...main, interfaces: told }
}

/** `used`: of it; the disk's own where absent. */
function fsStats(disk: FileSystemState, timeMs: number, used?: FsUsage): Stats {
  const { bytes, availableBytes, inodes, freeInodes } = disk
  return {
    time: formatTime(timeMs),
    ...{ availableBytes, capacityBytes: bytes, usedBytes: used?.bytes ?? bytes - availableBytes },
    ...{ inodesFree: freeInodes, inodes, inodesUsed: used?.inodes ?? inodes - freeInodes },
  }
}

function containerStats(container: ContainerSnapshot, pod: PodSnapshot, node: NodeSnapshot): Stats {
  const { name, usage, startedMs, rootfs } = container
  const { state, timeMs, info } = node
  const logs = pod.files?.logs.get(name)
  return defined({
    name,
    startTime: formatTime(startedMs),
    cpu: cpuStats(container),
    memory: memoryStats(usage),
    io: ioStats(usage),
    rootfs: rootfs && fsStats(state.imageFs ?? state.nodeFs, timeMs, rootfs),
    logs: logs && fsStats(state.nodeFs, timeMs, logs),
    swap: swapStats(usage, info.swapBytes),
  })
}

const claimOf = (pod: core.v1.Pod, volume: core.v1.Volume): string | undefined =>
  volume.ephemeral === undefined
    ? volume.persistentVolumeClaim?.claimName
    : `${pod.metadata?.name}-${volume.name}`

function volumeStats({ pod, files }: PodSnapshot, { state, timeMs }: NodeSnapshot): readonly Stats[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const used = files?.volumes.get(volume.name)
    if (used === undefined) return []
    const claim = claimOf(pod, volume)
    const pvcRef = claim === undefined ? undefined : { name: claim, namespace: pod.metadata?.namespace ?? '' }
    return [defined({ ...fsStats(state.nodeFs, timeMs, used), name: volume.name, pvcRef })]
  })
}

/** All that a pod takes of the node's disks. */
function ephemeralStorage({ containers, files }: PodSnapshot, { state, timeMs }: NodeSnapshot): Stats {
  const parts = [
    ...containers.flatMap(({ rootfs }) => (rootfs === undefined ? [] : [rootfs])),
    ...(files?.logs.values() ?? []),
    ...(files?.volumes.values() ?? []),
  ]
  const used = parts.reduce(
    (sum, { bytes, inodes }) => ({ bytes: sum.bytes + bytes, inodes: sum.inodes + inodes }),
    { bytes: 0, inodes: 0 },
  )
  return fsStats(state.nodeFs, timeMs, used)
}

function podStats(snapshot: PodSnapshot, node: NodeSnapshot, disks: boolean): Stats {
  const { pod, group, startedMs, interfaces, containers } = snapshot
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {}
  const volumes = disks ? volumeStats(snapshot, node) : []
  return defined({
    podRef: { name, namespace, uid },
    startTime: formatTime(startedMs),
    containers: containers.map((container) => containerStats(container, snapshot, node)),
    cpu: group && cpuStats(group),
    memory: group && memoryStats(group.usage),
    io: group && ioStats(group.usage),
    network: disks ? networkStats(interfaces, node.timeMs) : undefined,
    volume: volumes.length === 0 ? undefined : volumes,
    'ephemeral-storage': disks ? ephemeralStorage(snapshot, node) : undefined,
    process_stats:
      group?.usage.processes === undefined ? undefined : { process_count: group.usage.processes },
    swap: group && swapStats(group.usage, node.info.swapBytes),
  })
}

/** What `/stats/summary` answers; without `disks` only processors and memory (`only_cpu_and_memory`). Pure. */
export function statsSummary(node: NodeSnapshot, disks: boolean): Stats {
  const { machine, info, state, timeMs } = node
  const { group } = machine
  const own = { usage: group, ...defined({ nanoCores: node.nanoCores }) }
  const systemContainers = [...node.system].map(([name, measured]) =>
    defined({
      name,
      startTime: formatTime(machine.bootMs),
      cpu: cpuStats(measured),
      memory: memoryStats(measured.usage, info.memoryBytes),
      swap: swapStats(measured.usage, info.swapBytes),
    }),
  )
  const { maxProcesses } = machine
  const rlimit = { time: formatTime(timeMs), maxpid: maxProcesses, curproc: group.processes }
  const images = node.images && fsStats(state.imageFs ?? state.nodeFs, timeMs, node.images)
  return {
    node: defined({
      nodeName: node.nodeName,
      systemContainers,
      startTime: formatTime(machine.bootMs),
      cpu: cpuStats(own),
      memory: memoryStats(group, info.memoryBytes),
      io: ioStats(group),
      network: disks ? networkStats(machine.interfaces, timeMs) : undefined,
      fs: disks ? fsStats(state.nodeFs, timeMs) : undefined,
      runtime: images && { imageFs: images, containerFs: images },
      rlimit: disks && maxProcesses !== undefined ? rlimit : undefined,
      swap: swapStats(group, info.swapBytes),
    }),
    pods: node.pods.map((pod) => podStats(pod, node, disks)),
  }
}
