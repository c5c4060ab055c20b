import type { core } from '../../api/generated/types/index.ts'
import type { Device } from './devices/device-plugin.ts'

type PodStatus = core.v1.PodStatus

/** A pod's status with the health of each device that its containers have (KEP-4680). */
export function deviceHealth(
  status: PodStatus,
  devicesOf: (container: string) => ReadonlyMap<string, readonly Device[]>,
): PodStatus {
  if (status.containerStatuses === undefined) return status
  let changed = false
  const containerStatuses = status.containerStatuses.map((container) => {
    const devices = devicesOf(container.name)
    if (devices.size === 0) return container
    changed = true
    const others = (container.allocatedResourcesStatus ?? []).filter(({ name }) => !devices.has(name))
    const own = [...devices].map(([name, list]) => ({
      name,
      resources: list.map(({ id, healthy }) => ({
        resourceID: id,
        health: healthy ? 'Healthy' : 'Unhealthy',
      })),
    }))
    return { ...container, allocatedResourcesStatus: [...others, ...own] }
  })
  return changed ? { ...status, containerStatuses } : status
}
