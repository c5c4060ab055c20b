import { podRequests } from '../../api/core/pod/pod-requests.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { ContainerStats } from '../runtime/messages.ts'
import type { Signal, StarvedResource } from './thresholds.ts'

type Pod = core.v1.Pod

/** Of a directory, or of a layer. */
export interface FsUsage {
  readonly bytes: number
  readonly inodes: number
}

const noUsage: FsUsage = { bytes: 0, inodes: 0 }

/** What of a pod lies in the node's own directories, by names of containers and volumes. */
export interface FilesUsage {
  readonly logs: ReadonlyMap<string, FsUsage>
  readonly volumes: ReadonlyMap<string, FsUsage>
}

export interface ContainerUsage {
  readonly rootfs: FsUsage
  readonly logs: FsUsage
  readonly memoryBytes: number
}

/** What a pod uses of what may run short. */
export interface PodUsage {
  readonly containers: ReadonlyMap<string, ContainerUsage>
  readonly volumes: ReadonlyMap<string, FsUsage>
  readonly processes: number
}

export function podUsage(
  stats: readonly ContainerStats[],
  { logs, volumes }: FilesUsage,
  processes: number,
): PodUsage {
  const containers = new Map<string, ContainerUsage>()
  for (const { attributes, memory, writableLayer } of stats) {
    const name = attributes?.metadata?.name ?? ''
    const before = containers.get(name)
    // An ended container and its successor both have their layer.
    containers.set(name, {
      rootfs: {
        bytes: (before?.rootfs.bytes ?? 0) + (writableLayer?.usedBytes?.value ?? 0),
        inodes: (before?.rootfs.inodes ?? 0) + (writableLayer?.inodesUsed?.value ?? 0),
      },
      logs: logs.get(name) ?? noUsage,
      memoryBytes: (before?.memoryBytes ?? 0) + (memory?.workingSetBytes?.value ?? 0),
    })
  }
  return { containers, volumes, processes }
}

/** Volumes that take the node's own disk. */
export const isLocal = (volume: core.v1.Volume): boolean =>
  (volume.emptyDir !== undefined && volume.emptyDir.medium !== 'Memory') ||
  volume.configMap !== undefined ||
  volume.downwardAPI !== undefined

interface Parts {
  readonly rootfs: boolean
  readonly others: boolean
}

/** With a disk of their own for images, each disk is relieved only by what lies on it. */
export function partsOf(signal: Signal, hasImageFs: boolean): Parts {
  if (!hasImageFs) return { rootfs: true, others: true }
  const images = signal.startsWith('imagefs')
  return { rootfs: images, others: !images }
}

export function diskUsage(pod: Pod, usage: PodUsage, parts: Parts): FsUsage {
  const counted: FsUsage[] = []
  for (const { rootfs, logs } of usage.containers.values()) {
    if (parts.rootfs) counted.push(rootfs)
    if (parts.others) counted.push(logs)
  }
  if (parts.others) {
    for (const volume of pod.spec?.volumes ?? []) {
      if (isLocal(volume) || volume.hostPath !== undefined)
        counted.push(usage.volumes.get(volume.name) ?? noUsage)
    }
  }
  return counted.reduce(
    (sum, { bytes, inodes }) => ({ bytes: sum.bytes + bytes, inodes: sum.inodes + inodes }),
    noUsage,
  )
}

/** What a pod uses of a resource and what it asked for. */
export function usedAndRequested(
  pod: Pod,
  usage: PodUsage,
  resource: StarvedResource,
  parts: Parts,
): readonly [used: number, requested: number] {
  const requests = podRequests(pod)
  if (resource === 'memory') {
    const used = [...usage.containers.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
    return [used, requests.get('memory') ?? 0]
  }
  if (resource === 'pids') return [usage.processes, 0]
  const { bytes, inodes } = diskUsage(pod, usage, parts)
  return resource === 'inodes' ? [inodes, 0] : [bytes, requests.get('ephemeral-storage') ?? 0]
}
