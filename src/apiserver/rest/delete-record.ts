import type { CachedObject } from '../cache/cached-object.ts'
import type { Resource } from './resource.ts'

/** Deletes an object that is still at the record's revision; gives its last state at the deletion's revision. Throws what the store throws. */
export async function removeRecord(resource: Resource, record: CachedObject): Promise<CachedObject> {
  const { cache } = resource
  const revision = await resource.context.mirror.remove(cache, record.id, record.revision)
  return cache.gone(record, revision)
}
