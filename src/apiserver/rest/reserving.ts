import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { WriteAllocator } from '../write-allocator.ts'
import type { Outcome } from './outcome.ts'
import type { Resource } from './resource.ts'

/** Writes with what the object's kind has to have allocated; what was set aside and not stored is free again. */
export function reserving(
  resource: Resource,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  write: (object: KubernetesObject) => Promise<Outcome>,
): Promise<Outcome> {
  for (const allocator of resource.context.allocators)
    if (allocator.handles(resource.kind)) return writeReserved(allocator, object, old, write)
  return write(object)
}

async function writeReserved(
  allocator: WriteAllocator,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  write: (object: KubernetesObject) => Promise<Outcome>,
): Promise<Outcome> {
  const reservation = allocator.reserve(object, old)
  try {
    return await write(reservation.object)
  } finally {
    reservation.settle()
  }
}
