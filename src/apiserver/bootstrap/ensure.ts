import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { ObjectReader } from '../object-reader.ts'

/** What the server's own objects are written with: a way in as itself, and its caches. */
export interface BootstrapContext {
  readonly transport: Transport
  readonly reader: ObjectReader
}

/** The URL of a kind's objects in a namespace ('' for cluster-scoped ones). */
export function collectionPath(kind: KindDeclaration, namespace: string): string {
  const base = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  return namespace === '' ? `${base}/${kind.resource}` : `${base}/namespaces/${namespace}/${kind.resource}`
}

/** `same` says whether what is there will do; otherwise `repair` gives what to write over it. */
export interface Expectation<T extends KubernetesObject> {
  readonly kind: KindDeclaration<T>
  readonly object: T
  repair?(present: T): T | undefined
}

/** Creates the object where it is missing, and mends it where it differs. What others do at the same time is no error. */
export async function ensure<T extends KubernetesObject>(
  { transport, reader }: BootstrapContext,
  { kind, object, repair }: Expectation<T>,
): Promise<void> {
  const { namespace = '', name = '' } = object.metadata ?? {}
  const path = collectionPath(kind, namespace)
  const present = reader.get(kind, namespace, name) as T | undefined
  const mended = present === undefined ? undefined : repair?.(present)
  if (present !== undefined && mended === undefined) return
  try {
    if (mended === undefined) await transport.request({ method: 'POST', path, body: object })
    else await transport.request({ method: 'PUT', path: `${path}/${name}`, body: mended })
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists', 'Conflict')) throw error
  }
}
