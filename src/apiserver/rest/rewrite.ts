import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { objectModified } from '../../apimachinery/status-error.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Resource } from './resource.ts'
import { fromStorageError, GuardFailedError } from './storage-errors.ts'

const maxAttempts = 100

/**
 * Changes a stored object as the server itself does (upstream's GuaranteedUpdate): without admission, validation
 * or managed fields, again and again until nobody else wrote in between. `change` may throw, and gets undefined
 * where there is no object. Gives the new record; undefined for a dry run.
 */
export async function rewriteObject(
  resource: Resource,
  namespace: string,
  name: string,
  dryRun: boolean,
  change: (live: KubernetesObject | undefined) => KubernetesObject,
): Promise<CachedObject | undefined> {
  const { mirror, host } = resource.context
  for (let attempt = 1; ; attempt++) {
    const record = resource.find(namespace, name)
    const object = change(record === undefined ? undefined : resource.read(record))
    if (dryRun) return undefined
    try {
      return await resource.put(resource.id(namespace, name), object, record?.revision ?? 0)
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw fromStorageError(error)
      if (attempt === maxAttempts) throw objectModified(resource.subject(name))
      if (error.current === undefined) await host.nextTurn()
      else await mirror.reached(error.current.modRevision)
    }
  }
}
