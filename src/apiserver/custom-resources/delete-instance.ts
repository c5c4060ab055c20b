import type { CachedObject } from '../cache/cached-object.ts'
import { planDeletion } from '../rest/deletion-plan.ts'
import type { Resource } from '../rest/resource.ts'
import { GuardFailedError } from '../rest/storage-errors.ts'

/** How often a deletion is tried against others who write the same object. */
const maxAttempts = 100

/** Deletes an object as the server itself does, without admission; one with finalizers is only marked. */
export async function deleteInstance(resource: Resource, seen: CachedObject): Promise<void> {
  const { host, mirror } = resource.context
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const record = resource.cache.get(seen.id)
    if (record === undefined) return
    const plan = planDeletion(resource.kind, resource.read(record), {}, host.now())
    try {
      if (plan.type === 'mark') await resource.put(record.id, plan.object, record.revision)
      if (plan.type === 'remove') await resource.remove(record)
      return
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw error
      if (error.current === undefined) await host.nextTurn()
      else await mirror.reached(error.current.modRevision)
    }
  }
  throw new Error(`${seen.id} cannot be deleted: others keep writing it`)
}
