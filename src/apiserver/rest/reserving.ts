import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { internalError } from '../../apimachinery/status-error.ts'
import { ClaimTakenError, type WriteAllocator } from '../write-allocator.ts'
import type { Outcome } from './outcome.ts'
import type { Resource } from './resource.ts'

/** How often something else is tried where another server was faster. */
const maxAttempts = 16

/** Writes with what the object's kind has to have allocated; what was set aside and not stored is free again. */
export function reserving(
  resource: Resource,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  write: (object: KubernetesObject) => Promise<Outcome>,
): Promise<Outcome> {
  for (const allocator of resource.context.allocators)
    if (allocator.handles(resource.kind)) return writeReserved(resource, allocator, object, old, write)
  return write(object)
}

async function writeReserved(
  resource: Resource,
  allocator: WriteAllocator,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  write: (object: KubernetesObject) => Promise<Outcome>,
): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    const reservation = allocator.reserve(object, old)
    try {
      return await write(reservation.object)
    } catch (error) {
      if (!(error instanceof ClaimTakenError)) throw error
      if (attempt === maxAttempts) throw internalError(`failed to allocate: ${error.message}`)
      await resource.context.mirror.reached(error.revision)
    } finally {
      reservation.settle()
    }
  }
}
