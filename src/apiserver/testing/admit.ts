import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from '../admission.ts'
import type { UserInfo } from '../request.ts'

/** How an object is written; created by somebody without rights where nothing is said. */
export interface Write {
  readonly operation?: AdmissionOperation
  readonly old?: KubernetesObject
  readonly user?: UserInfo
  readonly subresource?: string
  readonly name?: string
  readonly dryRun?: boolean
  warn?(text: string): void
  annotate?(key: string, value: string): void
}

// biome-ignore lint/suspicious/noExplicitAny: kinds of any object
export type AnyKind = KindDeclaration<any>

/** Both steps of a plugin, as a write passes them; deletions have no object and no `mutate`. */
export async function admit(
  plugin: AdmissionPlugin,
  kind: AnyKind,
  object: KubernetesObject,
  write: Write = {},
): Promise<KubernetesObject> {
  const { operation = 'CREATE', old, user = { name: 'jane', groups: [] }, subresource = '' } = write
  if (!plugin.handles(operation, kind, subresource)) return object
  const { namespace = '', name = '' } = object.metadata ?? {}
  const attributes = (current: KubernetesObject | undefined): AdmissionAttributes => ({
    operation,
    declaration: kind,
    kind,
    resource: kind,
    subresource,
    namespace: kind.resource === 'namespaces' ? name : namespace,
    name: write.name ?? name,
    object: current,
    oldObject: old,
    user,
    dryRun: write.dryRun ?? false,
    options: {},
    warn: (text) => write.warn?.(text),
    annotate: (key, value) => write.annotate?.(key, value),
    annotateSent: (key, value) => write.annotate?.(key, value()),
    took: () => {},
    signal: new AbortController().signal,
    round: 0,
    reinvoke: () => {},
  })
  if (operation === 'DELETE') {
    await plugin.validate?.(attributes(undefined))
    return object
  }
  const admitted = (await plugin.mutate?.(attributes(object), object)) ?? object
  await plugin.validate?.(attributes(admitted))
  return admitted
}
