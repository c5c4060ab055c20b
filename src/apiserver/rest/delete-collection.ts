import type { DeleteOptions } from '../../apimachinery/meta.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { ServerRequest } from '../request.ts'
import { deleteObject } from './delete.ts'
import { type ListResult, listSelected } from './list.ts'
import { listOptions } from './list-options.ts'
import type { Resource } from './resource.ts'

/** Deletions under way at a time, so that they share the store's flushes. */
const parallel = 50

/** DELETE of a collection: each selected object on its own; gives what was selected. The first error ends it. */
export async function deleteCollection(
  resource: Resource,
  request: ServerRequest,
  options: DeleteOptions,
): Promise<ListResult> {
  const { namespace } = request.info
  const selected = await listSelected(resource, namespace, listOptions(request, resource.kind))
  const pending = [...selected.records].reverse()
  const work = async (): Promise<void> => {
    for (let record = pending.pop(); record !== undefined; record = pending.pop()) {
      try {
        await deleteOne(resource, request, options, record)
      } catch (error) {
        pending.length = 0
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return selected
}

async function deleteOne(
  resource: Resource,
  request: ServerRequest,
  options: DeleteOptions,
  { namespace, name }: CachedObject,
): Promise<void> {
  try {
    await deleteObject({ resource, request, namespace, name, options })
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
}
