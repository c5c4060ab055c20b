import type { KubernetesObject, ObjectMeta } from '../apimachinery/meta.ts'
import { defined } from '../base/defined.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Client } from './client.ts'
import type { AnyKind, Informer, InformerFactory, InformerOptions } from './informer.ts'
import { SharedInformer } from './shared-informer.ts'

export interface InformerFactoryOptions {
  /** Whose eyes everything is seen with. */
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
}

/** What a graph over all kinds needs of an object. */
function onlyMetadata(object: KubernetesObject): KubernetesObject {
  const { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } =
    object.metadata ?? {}
  const metadata: ObjectMeta = defined({
    name,
    namespace,
    uid,
    resourceVersion,
    ownerReferences,
    finalizers,
    deletionTimestamp,
  })
  return defined({ apiVersion: object.apiVersion, kind: object.kind, metadata })
}

function idOf(kind: AnyKind, suffix: string): string {
  return `${kind.group}/${kind.version}/${kind.resource}?${suffix}`
}

/** Shared informers over one client. */
export function createInformerFactory(options: InformerFactoryOptions): InformerFactory {
  const { client, host, logger } = options
  // The kind in the id and the type of the informer under it belong together.
  const informers = new Map<string, SharedInformer<never> | SharedInformer<KubernetesObject>>()
  let stopped = false

  function shared<T extends KubernetesObject>(id: string, make: () => SharedInformer<T>): SharedInformer<T> {
    const existing = informers.get(id)
    if (existing !== undefined) return existing as unknown as SharedInformer<T>
    if (stopped) throw new Error('an informer is asked for after its factory was stopped')
    const informer = make()
    informers.set(id, informer as unknown as SharedInformer<never>)
    informer.start()
    return informer
  }

  return {
    informer: <T extends KubernetesObject>(kind: AnyKind, selection: InformerOptions = {}): Informer<T> => {
      const { namespace = '', labelSelector = '', fieldSelector = '' } = selection
      const id = idOf(kind, JSON.stringify([namespace, labelSelector, fieldSelector]))
      return shared<T>(
        id,
        () => new SharedInformer<T>({ client: client.resource<T>(kind), selection, host, logger }),
      )
    },
    metadataInformer: (kind) =>
      shared(idOf(kind, 'metadata'), () => {
        const resource = client.resource<KubernetesObject>(kind)
        return new SharedInformer({ client: resource, selection: {}, host, logger, project: onlyMetadata })
      }),
    whenSynced: async () => {
      await Promise.all([...informers.values()].map((informer) => informer.whenSynced()))
    },
    stop: async () => {
      stopped = true
      await Promise.all([...informers.values()].map((informer) => informer.stop()))
      informers.clear()
    },
  }
}
