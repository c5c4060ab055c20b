import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Client } from './client.ts'
import type {
  AnyKind,
  Followed,
  Informer,
  InformerFactory,
  InformerOptions,
  ReflectorSink,
} from './informer.ts'
import { Reflector } from './reflector.ts'
import { SharedInformer } from './shared-informer.ts'

export interface InformerFactoryOptions {
  /** Whose eyes everything is seen with. */
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
}

interface Running extends Followed {
  readonly kind: AnyKind
  /** Why the state is not there yet, where reading it has failed. */
  readonly hindrance: unknown
}

function startFollowing(
  { client, host, logger }: InformerFactoryOptions,
  kind: AnyKind,
  sink: ReflectorSink<KubernetesObject>,
): Running {
  const abort = new AbortController()
  const synced = Promise.withResolvers<void>()
  synced.promise.catch(() => {})
  let isSynced = false
  let failure: unknown
  const reflector = new Reflector<KubernetesObject>({
    client: client.resource<KubernetesObject>(kind),
    selection: {},
    host,
    logger,
    sink: {
      replace: async (objects, resourceVersion) => {
        await sink.replace(objects, resourceVersion)
        isSynced = true
        synced.resolve()
      },
      apply: (events) => sink.apply(events),
      progress: (resourceVersion) => sink.progress(resourceVersion),
    },
    onFailure: (error) => {
      failure = error
    },
  })
  const running = reflector.run(abort.signal)
  return {
    kind,
    get hindrance() {
      return isSynced ? undefined : failure
    },
    whenSynced: () => synced.promise,
    stop: async () => {
      abort.abort()
      synced.reject(new Error(`following ${kind.resource} is stopped`))
      await running
    },
  }
}

/** The same for all that ask for the same. */
export function informerId(
  kind: AnyKind,
  { namespace = '', labelSelector = '', fieldSelector = '' }: InformerOptions,
): string {
  return JSON.stringify([kind.group, kind.version, kind.resource, namespace, labelSelector, fieldSelector])
}

/** Shared informers over one client. */
export function createInformerFactory(options: InformerFactoryOptions): InformerFactory {
  const { client, host, logger } = options
  const informers = new Map<string, Running>()
  const followed = new Set<Running>()
  let isStopped = false

  const all = (): readonly Running[] => [...informers.values(), ...followed]
  const refuseAfterStop = (): void => {
    if (isStopped) throw new Error('an informer is asked for after its factory was stopped')
  }

  return {
    informer: <T extends KubernetesObject>(kind: AnyKind, selection: InformerOptions = {}): Informer<T> => {
      const id = informerId(kind, selection)
      const existing = informers.get(id)
      // The id names the kind: the informer was made for the same type.
      if (existing instanceof SharedInformer) return existing as SharedInformer<T>
      refuseAfterStop()
      const informer = new SharedInformer<T>({ client: client.resource<T>(kind), selection, host, logger })
      informers.set(id, informer)
      informer.start()
      return informer
    },
    follow: (kind, sink) => {
      refuseAfterStop()
      const running = startFollowing(options, kind, sink)
      followed.add(running)
      return {
        whenSynced: () => running.whenSynced(),
        stop: () => {
          followed.delete(running)
          return running.stop()
        },
      }
    },
    whenSynced: async () => {
      await Promise.all(all().map((one) => one.whenSynced()))
    },
    hindrances: () => {
      const hindered = all().filter(({ hindrance }) => hindrance !== undefined)
      return new Map(hindered.map(({ kind, hindrance }) => [kind.resource, hindrance]))
    },
    stop: async () => {
      isStopped = true
      await Promise.all(all().map((one) => one.stop()))
      informers.clear()
      followed.clear()
    },
  }
}
