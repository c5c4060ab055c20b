import type { KubernetesObject, WatchEvent } from '../../apimachinery/meta.ts'
import type { AnyKind, Followed, ReflectorSink } from '../../client/informer.ts'
import type { ControllerSetup } from '../../reconcile/controller.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'

/** The names of one resource's objects, by namespace. */
class Names implements ReflectorSink<KubernetesObject> {
  readonly #byNamespace = new Map<string, Set<string>>()
  readonly #onRemoved: (namespace: string) => void

  constructor(onRemoved: (namespace: string) => void) {
    this.#onRemoved = onRemoved
  }

  countIn(namespace: string): number {
    return this.#byNamespace.get(namespace)?.size ?? 0
  }

  #add({ metadata: { namespace = '', name = '' } = {} }: KubernetesObject): void {
    const names = this.#byNamespace.get(namespace)
    if (names === undefined) this.#byNamespace.set(namespace, new Set([name]))
    else names.add(name)
  }

  #remove({ metadata: { namespace = '', name = '' } = {} }: KubernetesObject): void {
    const names = this.#byNamespace.get(namespace)
    if (names?.delete(name) !== true) return
    if (names.size === 0) this.#byNamespace.delete(namespace)
    this.#onRemoved(namespace)
  }

  async replace(objects: readonly KubernetesObject[]): Promise<void> {
    const before = [...this.#byNamespace.keys()]
    this.#byNamespace.clear()
    for (const object of objects) this.#add(object)
    for (const namespace of before) this.#onRemoved(namespace)
  }

  async apply(events: readonly WatchEvent<KubernetesObject>[]): Promise<void> {
    for (const { type, object } of events) {
      if (type === 'ADDED') this.#add(object)
      if (type === 'DELETED') this.#remove(object)
    }
  }

  progress(): void {}
}

interface Counted {
  readonly kind: AnyKind
  readonly names: Names
  readonly followed: Followed
}

const idOf = ({ group, resource }: AnyKind): string => (group === '' ? resource : `${resource}.${group}`)

/** What upstream's discovery takes for a resource that quotas can count. */
const isCountable = ({ namespaced, verbs }: AnyKind): boolean =>
  namespaced && (['create', 'list', 'watch', 'delete'] as const).every((verb) => verbs.includes(verb))

/** Counts objects of resources in namespaces; a resource is followed from when its number is first asked for. */
export class ObjectCounts {
  readonly #setup: ControllerSetup
  readonly #kinds: KindSource
  readonly #onRemoved: (resource: string, namespace: string) => void
  readonly #counted = new Map<string, Counted>()

  /** `onRemoved` is told of every deletion of what is followed: `deployments.apps` and the namespace. */
  constructor(
    setup: ControllerSetup,
    kinds: KindSource,
    onRemoved: (resource: string, namespace: string) => void,
  ) {
    this.#setup = setup
    this.#kinds = kinds
    this.#onRemoved = onRemoved
    const leave = kinds.onChange(() => this.#forgetGone())
    setup.signal.addEventListener('abort', leave, { once: true })
  }

  /** Of `deployments.apps`, say; undefined where nothing of that name is served. Rejects when stopped. */
  async countIn(resource: string, namespace: string): Promise<number | undefined> {
    const counted = this.#counted.get(resource) ?? this.#follow(resource)
    await counted?.followed.whenSynced()
    return counted?.names.countIn(namespace)
  }

  #follow(resource: string): Counted | undefined {
    const kind = this.#kinds.list().find((each) => isCountable(each) && idOf(each) === resource)
    if (kind === undefined) return undefined
    const names = new Names((namespace) => this.#onRemoved(resource, namespace))
    const counted = { kind, names, followed: this.#setup.informers.follow(kind, names) }
    this.#counted.set(resource, counted)
    return counted
  }

  #forgetGone(): void {
    const served = new Set(this.#kinds.list())
    for (const [resource, { kind, followed }] of this.#counted) {
      if (served.has(kind)) continue
      this.#counted.delete(resource)
      void followed.stop()
    }
  }
}
