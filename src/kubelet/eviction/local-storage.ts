import { isSidecar } from '../../api/core/pod/container-restart.ts'
import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../api/generated/types/index.ts'
import { quantityOfUnits, quantityUnits } from '../../apimachinery/quantity.ts'
import { diskUsage, type PodUsage } from './pod-usage.ts'

type Pod = core.v1.Pod

export interface Excess {
  readonly message: string
  /** What upstream counts it under. */
  readonly signal: 'emptydirfs.limit' | 'ephemeralpodfs.limit' | 'ephemeralcontainerfs.limit'
}

const storage = 'ephemeral-storage'

/** Whether the pod has a limit of its own on the node's disk: whoever has none need not be measured. */
export const hasStorageLimit = ({ spec }: Pod): boolean =>
  (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
  initAndMainContainers(spec).some(({ resources }) => resources?.limits?.[storage] !== undefined)

/** Of all containers together; undefined where none has a limit. */
function podLimit({ spec }: Pod): number | undefined {
  const limits = (containers: readonly core.v1.Container[] = []): readonly number[] =>
    containers.flatMap(({ resources }) => {
      const own = resources?.limits?.[storage]
      return own === undefined ? [] : [quantityUnits(own)]
    })
  const init = spec?.initContainers ?? []
  const together = [...limits(spec?.containers), ...limits(init.filter(isSidecar))]
  const all = [...together, ...limits(init)]
  if (all.length === 0) return undefined
  return Math.max(
    together.reduce((sum, own) => sum + own, 0),
    ...limits(init),
  )
}

/** Which of its own limits a pod has passed, if any: a volume's, its containers' together, one container's. */
export function storageExcess(pod: Pod, usage: PodUsage, hasImageFs: boolean): Excess | undefined {
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    const limit = emptyDir?.sizeLimit
    if (limit === undefined || quantityUnits(limit) <= 0) continue
    if ((usage.volumes.get(name)?.bytes ?? 0) > quantityUnits(limit)) {
      const message = `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `
      return { signal: 'emptydirfs.limit', message }
    }
  }
  const limit = podLimit(pod)
  if (limit !== undefined && diskUsage(pod, usage, { rootfs: true, others: true }).bytes > limit) {
    const total = quantityOfUnits(limit, 'BinarySI')
    const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${total}. `
    return { signal: 'ephemeralpodfs.limit', message }
  }
  for (const { name, resources } of pod.spec?.containers ?? []) {
    const own = resources?.limits?.[storage]
    const used = usage.containers.get(name)
    if (own === undefined || used === undefined || quantityUnits(own) === 0) continue
    if (used.logs.bytes + (hasImageFs ? 0 : used.rootfs.bytes) > quantityUnits(own)) {
      const message = `Container ${name} exceeded its local ephemeral storage limit "${own}". `
      return { signal: 'ephemeralcontainerfs.limit', message }
    }
  }
  return undefined
}
