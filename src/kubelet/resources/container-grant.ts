import type { ContainerConfig } from '../runtime/messages.ts'
import type { DeviceAllocation } from './devices/device-plugin.ts'

/** What a container is given beside what its pod says. */
export interface ContainerGrant {
  readonly allocations: readonly DeviceAllocation[]
  /** Devices of its claims, by the names that the runtime knows them by. */
  readonly claimed: readonly string[]
  /** What it runs on, and has its memory of, as the kernel lists them; '' for all that there is. */
  readonly cpus: string
  readonly memoryNodes: string
  /** It has those processors for itself: how much of their time it takes is not limited. */
  readonly ownsCpus: boolean
}

export const nothingGranted: ContainerGrant = {
  ...{ allocations: [], claimed: [], cpus: '', memoryNodes: '', ownsCpus: false },
}

/** The first of each name: two plugins may say the same. */
function firstOf<T>(items: readonly T[], nameOf: (item: T) => string): readonly T[] {
  const byName = new Map<string, T>()
  for (const item of items) if (!byName.has(nameOf(item))) byName.set(nameOf(item), item)
  return [...byName.values()]
}

/** Of no limit, to the kernel. */
const unlimited = -1

function withNodes(
  config: ContainerConfig,
  { cpus, memoryNodes, ownsCpus }: ContainerGrant,
): ContainerConfig {
  if (cpus === '' && memoryNodes === '') return config
  const { resources = {} } = config.linux
  const limited = ownsCpus && resources.cpuQuota !== undefined
  return {
    ...config,
    linux: {
      ...config.linux,
      resources: {
        ...resources,
        ...(limited ? { cpuQuota: unlimited } : {}),
        ...(cpus === '' ? {} : { cpusetCpus: cpus }),
        ...(memoryNodes === '' ? {} : { cpusetMems: memoryNodes }),
      },
    },
  }
}

/** A container's configuration with what it was given; what its pod says itself comes after and counts. */
export function withGrant(config: ContainerConfig, grant: ContainerGrant): ContainerConfig {
  return withDevices(withNodes(config, grant), grant)
}

function withDevices(config: ContainerConfig, { allocations, claimed }: ContainerGrant): ContainerConfig {
  if (allocations.length + claimed.length === 0) return config
  const encoder = new TextEncoder()
  const envs = firstOf(
    allocations.flatMap((each) => Object.entries(each.envs)),
    ([key]) => key,
  )
  const annotations = firstOf(
    allocations.flatMap((each) => Object.entries(each.annotations)),
    ([key]) => key,
  )
  const mounts = firstOf(
    allocations.flatMap((each) => each.mounts),
    ({ containerPath }) => containerPath,
  )
  const devices = firstOf(
    allocations.flatMap((each) => each.devices),
    ({ containerPath }) => containerPath,
  )
  const CDIDevices = firstOf(
    [...claimed.map((name) => ({ name })), ...allocations.flatMap((each) => each.cdiDevices)],
    ({ name }) => name,
  )
  return {
    ...config,
    envs: [...envs.map(([key, value]) => ({ key, value: encoder.encode(value) })), ...config.envs],
    annotations: { ...Object.fromEntries(annotations), ...config.annotations },
    mounts: [
      ...mounts.map(({ containerPath, hostPath, readOnly }) => ({
        ...{ containerPath, hostPath, readonly: readOnly, propagation: 'PROPAGATION_PRIVATE' as const },
      })),
      ...config.mounts,
    ],
    devices,
    CDIDevices,
  }
}
