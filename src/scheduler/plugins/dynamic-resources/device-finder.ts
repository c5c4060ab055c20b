import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import { uidBytes, uuidOf } from '../../../base/uuid.ts'
import type { PluginContext } from '../../framework.ts'
import { Allocator, type AllocatorParts, type TakenDevices } from './allocator.ts'
import { DeviceMatcher } from './device-matcher.ts'
import { type DevicePool, gatherPools, type SliceSource } from './device-pools.ts'
import { deviceTaints } from './device-taints.ts'

/** What it needs of a plugin's. */
type DeviceContext = Pick<PluginContext, 'informers' | 'features' | 'host' | 'serves'>

const byNode = ({ spec }: resource.v1.ResourceSlice): readonly string[] => [spec.nodeName ?? '']

/** Devices that are tried before the clock is looked at again. */
const stepsBetweenLooks = 1_000

export const preparesDevices = (features: Features): boolean =>
  features.enabled('DRADeviceBindingConditions') && features.enabled('DRAResourceClaimDeviceStatus')

/** Searches for devices among what drivers publish. */
export class DeviceFinder {
  readonly #parts: AllocatorParts
  readonly #source: SliceSource
  readonly #host: DeviceContext['host']
  /** What was gathered for a node as it was, while no slice has changed since. */
  #pools = new WeakMap<core.v1.Node, readonly DevicePool[]>()

  constructor(context: DeviceContext, taken: TakenDevices) {
    const { informers, features, host } = context
    this.#host = host
    const slices = informers.informer(ResourceSlice)
    slices.addIndexers({ node: byNode })
    slices.onChange(() => {
      this.#pools = new WeakMap()
    })
    const classes = informers.informer(DeviceClass).lister
    this.#source = {
      forNode: (node) => [...slices.lister.byIndex('node', node), ...slices.lister.byIndex('node', '')],
      all: () => slices.lister.list(),
    }
    this.#parts = {
      taken,
      matcher: new DeviceMatcher(),
      gates: {
        partitions: features.enabled('DRAPartitionableDevices'),
        sharing: features.enabled('DRAConsumableCapacity'),
        preparation: preparesDevices(features),
      },
      taintsOf: deviceTaints(context),
      classOf: (name) => classes.get('', name),
      shareId: () => uuidOf(host.randomBytes(uidBytes), 0),
    }
  }

  get classOf(): (name: string) => resource.v1.DeviceClass | undefined {
    return this.#parts.classOf
  }

  /** For one attempt on one node; it may take so long, or any time where that is 0. */
  search(node: core.v1.Node, timeoutMs = 0): Allocator {
    const pools = this.#pools.get(node) ?? gatherPools(node, this.#source, this.#parts.gates.partitions)
    this.#pools.set(node, pools)
    return new Allocator(this.#parts, node, pools, timeoutMs > 0 ? this.#clock(node, timeoutMs) : undefined)
  }

  #clock({ metadata }: core.v1.Node, timeoutMs: number): () => void {
    const endMs = this.#host.monotonicMs() + timeoutMs
    let steps = 0
    return () => {
      if (++steps % stepsBetweenLooks === 0 && this.#host.monotonicMs() > endMs)
        throw new Error(`node ${metadata?.name}: timed out trying to allocate devices`)
    }
  }
}
