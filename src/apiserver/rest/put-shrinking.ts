import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { ObjectTooLargeError } from '../../storage/storage.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { withMetadata } from './object-meta.ts'
import type { Resource } from './resource.ts'

/** As `Resource.put`; an object that is too large goes without its managed fields, as upstream has it. */
export async function putShrinking(
  resource: Resource,
  id: string,
  object: KubernetesObject,
  revision: number,
): Promise<CachedObject> {
  try {
    return await resource.put(id, object, revision)
  } catch (error) {
    const managed = object.metadata?.managedFields !== undefined
    if (!(error instanceof ObjectTooLargeError) || !managed) throw error
    return resource.put(id, withMetadata(object, { managedFields: undefined }), revision)
  }
}
