import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { sleep } from '../../base/sleep.ts'
import type { Client } from '../../client/client.ts'
import type { Informer, InformerFactory } from '../../client/informer.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import type { ReferencedObjects } from '../environment/environment.ts'
import { podReferences } from './pod-references.ts'

interface Watched<T extends KubernetesObject> {
  readonly factory: InformerFactory
  readonly informer: Informer<T>
  readonly pods: Set<string>
}

export interface WatchedObjectsOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
}

/** A node that may not read an object never hears of it: a pod that waits that long is told. */
const syncTimeoutMs = 10_000

/**
 * The ConfigMaps and Secrets that pods refer to, each watched by its own name, which is all that a node may do.
 * A watch lives as long as a pod holds it. Several nodes of one process may share an instance.
 */
export class WatchedObjects implements ReferencedObjects {
  readonly #options: WatchedObjectsOptions
  readonly #configMaps = new Map<string, Watched<core.v1.ConfigMap>>()
  readonly #secrets = new Map<string, Watched<core.v1.Secret>>()
  readonly #held = new Map<string, ReadonlySet<string>>()
  readonly #handlers = new Map<string, () => void>()

  constructor(options: WatchedObjectsOptions) {
    this.#options = options
  }

  /** Watches what the pod needs, and calls back when some of it changes. */
  hold(pod: core.v1.Pod, onChange: () => void): void {
    const uid = pod.metadata?.uid ?? ''
    const namespace = pod.metadata?.namespace ?? ''
    const keys = new Set<string>()
    for (const { kind, name } of podReferences(pod)) {
      keys.add(`${kind}/${namespace}/${name}`)
      if (kind === 'ConfigMap') this.#watch(this.#configMaps, ConfigMap, namespace, name).pods.add(uid)
      else this.#watch(this.#secrets, Secret, namespace, name).pods.add(uid)
    }
    const before = this.#held.get(uid) ?? new Set<string>()
    this.#held.set(uid, keys)
    this.#handlers.set(uid, onChange)
    for (const key of before) if (!keys.has(key)) this.#drop(uid, key)
  }

  release(podUid: string): void {
    this.#handlers.delete(podUid)
    const keys = this.#held.get(podUid) ?? []
    this.#held.delete(podUid)
    for (const key of keys) this.#drop(podUid, key)
  }

  configMap(namespace: string, name: string): Promise<core.v1.ConfigMap | undefined> {
    return this.#read(this.#watch(this.#configMaps, ConfigMap, namespace, name), namespace, name, 'configmap')
  }

  secret(namespace: string, name: string): Promise<core.v1.Secret | undefined> {
    return this.#read(this.#watch(this.#secrets, Secret, namespace, name), namespace, name, 'secret')
  }

  async stop(): Promise<void> {
    const all = [...this.#configMaps.values(), ...this.#secrets.values()]
    this.#configMaps.clear()
    this.#secrets.clear()
    await Promise.all(all.map(({ factory }) => factory.stop()))
  }

  #watch<T extends KubernetesObject>(
    watched: Map<string, Watched<T>>,
    kind: KindDeclaration<T>,
    namespace: string,
    name: string,
  ): Watched<T> {
    const key = `${namespace}/${name}`
    const existing = watched.get(key)
    if (existing !== undefined) return existing
    const factory = createInformerFactory(this.#options)
    const informer = factory.informer(kind, { namespace, fieldSelector: `metadata.name=${name}` })
    const entry: Watched<T> = { factory, informer, pods: new Set() }
    watched.set(key, entry)
    informer.onChange(() => {
      for (const uid of entry.pods) this.#handlers.get(uid)?.()
    })
    return entry
  }

  async #read<T extends KubernetesObject>(
    watched: Watched<T>,
    namespace: string,
    name: string,
    what: string,
  ): Promise<T | undefined> {
    if (!watched.informer.synced) {
      const over = new AbortController()
      const late = sleep(this.#options.host, syncTimeoutMs, over.signal).then(() => 'late' as const)
      const first = await Promise.race([watched.informer.whenSynced(), late])
      over.abort()
      if (first === 'late') {
        throw new Error(`failed to sync ${what} cache: timed out waiting for the condition`)
      }
    }
    return watched.informer.lister.get(namespace, name)
  }

  #drop(podUid: string, key: string): void {
    const [kind = '', namespace = '', name = ''] = key.split('/')
    const watched = kind === 'ConfigMap' ? this.#configMaps : this.#secrets
    const entry = watched.get(`${namespace}/${name}`)
    entry?.pods.delete(podUid)
    if (entry === undefined || entry.pods.size > 0) return
    watched.delete(`${namespace}/${name}`)
    void entry.factory.stop()
  }
}
