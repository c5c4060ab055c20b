import type { NumaMask } from '../topology/numa-mask.ts'
import type { Device } from './device-plugin.ts'
import { byAffinity } from './devices-by-node.ts'

export interface DeviceChoice {
  readonly resource: string
  readonly size: number
  /** All devices of the resource. */
  readonly devices: readonly Device[]
  /** Those that are well and nobody's, in order. */
  readonly available: ReadonlySet<string>
  /** Those that init containers of the pod have had: they come first. */
  readonly reusable: ReadonlySet<string>
  /** NUMA nodes that they are wanted from; absent: any. */
  readonly affinity: NumaMask | undefined
  /** What the plugin would have of `available`, with all of `mustInclude`. */
  readonly preferred: (
    available: readonly string[],
    mustInclude: readonly string[],
  ) => Promise<readonly string[]>
}

/** As many devices as are asked for. Throws an Error in upstream's words where there are not so many. */
export async function chooseDevices(choice: DeviceChoice): Promise<readonly string[]> {
  const { resource, size, devices, available, reusable, affinity } = choice
  const chosen = new Set([...reusable].slice(0, size))
  const needed = size - chosen.size
  if (needed === 0) return [...chosen]
  if (available.size < needed)
    throw new Error(
      `requested number of devices unavailable for ${resource}. Requested: ${needed}, Available: ${available.size}`,
    )
  const take = (ids: Iterable<string>): boolean => {
    for (const id of ids) {
      if (chosen.size >= size) break
      chosen.add(id)
    }
    return chosen.size >= size
  }
  const preferred = async (from: Iterable<string>): Promise<readonly string[]> => {
    const within = new Set(from)
    const ids = await choice.preferred([...new Set([...within, ...chosen])], [...chosen])
    return ids.filter((id) => within.has(id))
  }
  const { aligned, unaligned, indifferent } =
    affinity === undefined || !devices.some(({ nodes }) => nodes.length > 0)
      ? { aligned: [], unaligned: [], indifferent: [...available] }
      : byAffinity(
          devices.filter(({ id }) => available.has(id)),
          affinity,
        )
  if (needed < aligned.length) {
    if (take(await preferred(aligned)) || take(aligned)) return [...chosen]
  } else if (take(aligned) || take(await preferred(available)) || take(unaligned) || take(indifferent))
    return [...chosen]
  throw new Error(
    `unexpectedly allocated less resources than required. Requested: ${size}, Got: ${chosen.size}`,
  )
}
