import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import { uidBytes, uuidOf } from '../../../base/uuid.ts'
import type { PluginContext } from '../../framework.ts'
import { Allocator, type AllocatorParts, type TakenDevices } from './allocator.ts'
import { DeviceMatcher } from './device-matcher.ts'
import { gatherPools, type SliceSource } from './device-pools.ts'

/** What it needs of a plugin's. */
type DeviceContext = Pick<PluginContext, 'informers' | 'features' | 'host'>

const byNode = ({ spec }: resource.v1.ResourceSlice): readonly string[] => [spec.nodeName ?? '']

export const preparesDevices = (features: Features): boolean =>
  features.enabled('DRADeviceBindingConditions') && features.enabled('DRAResourceClaimDeviceStatus')

/** Searches for devices among what drivers publish. */
export class DeviceFinder {
  readonly #parts: AllocatorParts
  readonly #source: SliceSource

  constructor({ informers, features, host }: DeviceContext, taken: TakenDevices) {
    const slices = informers.informer(ResourceSlice)
    slices.addIndexers({ node: byNode })
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
        taints: features.enabled('DRADeviceTaints'),
        sharing: features.enabled('DRAConsumableCapacity'),
        preparation: preparesDevices(features),
      },
      classOf: (name) => classes.get('', name),
      shareId: () => uuidOf(host.randomBytes(uidBytes), 0),
    }
  }

  get classOf(): (name: string) => resource.v1.DeviceClass | undefined {
    return this.#parts.classOf
  }

  /** For one attempt on one node. */
  search(node: core.v1.Node): Allocator {
    return new Allocator(this.#parts, node, gatherPools(node, this.#source, this.#parts.gates.partitions))
  }
}
