import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { isStatus, StatusError } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import type { AnyKind } from '../../reconcile/controller.ts'

const fieldManager = 'storage-version-migrator-controller'

/** Objects that are looked at in one request. */
const pageSize = 500

/** What may be otherwise the next time; anything else will not. */
const isPassing = (error: unknown): boolean =>
  !(error instanceof StatusError) ||
  isStatus(error, 'ServerTimeout', 'TooManyRequests', 'ServiceUnavailable', 'InternalError', 'Timeout')

/** The resource's revision, without reading its objects: there is no such namespace. */
export async function currentRevision(api: Client, kind: AnyKind): Promise<string> {
  const namespace = kind.namespaced ? { namespace: '@fake:svm_ns!' } : {}
  const { metadata } = await api.resource<KubernetesObject>(kind).list({ ...namespace, limit: 1 })
  return metadata?.resourceVersion ?? ''
}

/** An apply that says nothing: the object is written as it is, unless somebody else has written it since. */
async function rewrite(api: Client, kind: AnyKind, { metadata = {} }: KubernetesObject): Promise<void> {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata
  const place = kind.namespaced ? { name, namespace } : { name }
  try {
    await api
      .resource<KubernetesObject>(kind)
      .apply({ metadata: { ...place, uid, resourceVersion } }, { fieldManager })
  } catch (error) {
    // Written, deleted or made anew since: there is nothing left to do.
    if (!isStatus(error, 'Conflict')) throw error
  }
}

/**
 * Writes every object again that was last written at `revision` or before. Throws what a later attempt may mend; gives
 * the error of an object that cannot be written, and nothing when all are.
 */
export async function rewriteObjects(
  api: Client,
  kind: AnyKind,
  revision: number,
): Promise<Error | undefined> {
  let next: string | undefined
  do {
    const page = await api
      .resource<KubernetesObject>(kind)
      .list({ limit: pageSize, ...(next === undefined ? {} : { continue: next }) })
    for (const object of page.items) {
      if (Number(object.metadata?.resourceVersion) > revision) continue
      try {
        await rewrite(api, kind, object)
      } catch (error) {
        if (isPassing(error) || !(error instanceof Error)) throw error
        return error
      }
    }
    next = page.metadata?.continue || undefined
  } while (next !== undefined)
  return undefined
}
