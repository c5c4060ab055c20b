import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Outcome } from './outcome.ts'
import type { Resource } from './resource.ts'

/** Writes with what the object's kind has to have allocated; what was set aside and not stored is free again. */
export async function reserving(
  resource: Resource,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  write: (object: KubernetesObject) => Promise<Outcome>,
): Promise<Outcome> {
  const allocator = resource.context.allocators.find((candidate) => candidate.handles(resource.kind))
  if (allocator === undefined) return write(object)
  const reservation = allocator.reserve(object, old)
  try {
    return await write(reservation.object)
  } finally {
    reservation.settle()
  }
}
