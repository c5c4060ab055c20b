import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { GroupResource } from './object-reader.ts'

/** What admission plugins write by themselves: without admission, validation or managed fields. */
export interface ObjectWriter {
  /**
   * Replaces an object of the stored version that must still have its `metadata.resourceVersion`. Resolves when
   * reads show it; rejects with Conflict, or what the store says. Throws AssertionError for a resource that is not
   * registered.
   */
  replace(resource: GroupResource, object: KubernetesObject): Promise<void>
}
