import { isExtendedResource } from '../api/core/resource-names.ts'
import type { resource } from '../api/generated/types/index.ts'
import { DeviceClass } from '../api/resource/device-class/kind.ts'
import type { PluginContext } from './framework.ts'

type Class = resource.v1.DeviceClass

/** Every class backs the resource of this prefix and its name. */
export const deviceClassPrefix = 'deviceclass.resource.kubernetes.io/'

/** Whether devices could be behind a resource of the name. */
export const mayBeBacked = (name: string): boolean =>
  isExtendedResource(name) || name.startsWith(deviceClassPrefix)

/** Of two classes for one resource the newer one, so that one can be replaced by another. */
function isPreferred({ metadata }: Class, other: Class): boolean {
  const [one, two] = [metadata?.creationTimestamp ?? '', other.metadata?.creationTimestamp ?? '']
  return one === two ? (metadata?.name ?? '') < (other.metadata?.name ?? '') : one > two
}

function classesByResource(classes: readonly Class[]): ReadonlyMap<string, Class> {
  const byResource = new Map<string, Class>()
  for (const each of classes) {
    byResource.set(deviceClassPrefix + (each.metadata?.name ?? ''), each)
    const name = each.spec.extendedResourceName
    const known = name === undefined ? undefined : byResource.get(name)
    if (name !== undefined && (known === undefined || isPreferred(each, known))) byResource.set(name, each)
  }
  return byResource
}

/**
 * Which extended resources device classes back (DRAExtendedResource, KEP-5004): explicitly, or by a class's own name. A node
 * that offers such a resource itself has it from a device plugin; on the others DynamicResources looks for devices.
 */
export function extendedResourceClasses({
  informers,
  features,
}: Pick<PluginContext, 'informers' | 'features'>): (resource: string) => Class | undefined {
  if (!features.enabled('DRAExtendedResource')) return () => undefined
  const classes = informers.informer(DeviceClass)
  let byResource: ReadonlyMap<string, Class> | undefined
  classes.onChange(() => {
    byResource = undefined
  })
  return (name) => {
    if (!mayBeBacked(name)) return undefined
    byResource ??= classesByResource(classes.lister.list())
    return byResource.get(name)
  }
}
