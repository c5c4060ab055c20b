import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Counter } from '../../base/metrics.ts'
import { sleep } from '../../base/sleep.ts'
import type { Followed, ReflectorSink } from '../../client/informer.ts'
import { apiVersionOf } from '../../client/resource-path.ts'
import {
  type AnyController,
  type AnyKind,
  type ControllerSetup,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  RetryError,
} from '../../reconcile/controller.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { type Attempt, attemptToDelete, attemptToOrphan } from './attempt.ts'
import { DependencyGraph, type GraphNode } from './dependency-graph.ts'
import { type Identity, objectOf } from './identity.ts'
import { kindsByReference, LiveObjects, NamespacedOwnerError } from './live-objects.ts'

export interface GarbageCollectorOptions {
  /** Every kind that is served. */
  readonly kinds: KindSource
}

/** Upstream's --concurrent-gc-syncs. */
const workers = 20

/** Upstream's initialSyncTimeout. */
const syncTimeoutMs = 30_000

/** Objects taken into the graph in one turn of the event loop. */
const objectsPerTurn = 1_000

/** Kinds whose objects own nothing and are owned by nobody. */
const isIgnored = ({ resource, group }: AnyKind): boolean =>
  resource === 'events' && (group === '' || group === 'events.k8s.io')

const resourceId = ({ group, resource }: AnyKind): string => `${group}/${resource}`

/** Each stored resource in one version: the one that is followed already, or else the first. */
function collectableKinds(
  kinds: readonly AnyKind[],
  followed: ReadonlyMap<string, FollowedKind>,
): ReadonlyMap<string, AnyKind> {
  const chosen = new Map<string, AnyKind>()
  for (const kind of kinds) {
    const isDeletable = (['delete', 'list', 'watch'] as const).every((verb) => kind.verbs.includes(verb))
    if (!isDeletable || isIgnored(kind)) continue
    const id = resourceId(kind)
    if (!chosen.has(id) || isSameVersion(kind, followed.get(id)?.kind)) chosen.set(id, kind)
  }
  return chosen
}

const isSameVersion = (a: AnyKind, b: AnyKind | undefined): boolean =>
  a.version === b?.version && a.kind === b.kind && a.namespaced === b.namespaced

interface FollowedKind {
  readonly kind: AnyKind
  readonly followed: Followed
  /** From now on nothing of it reaches the graph. */
  readonly leave: AbortController
}

/** What a relist does not show any more of a kind, and those whose end may have been missed while nobody followed it. */
function missing(kind: AnyKind, graph: DependencyGraph, present: ReadonlySet<string>) {
  const apiVersion = apiVersionOf(kind)
  const group = kind.group === '' ? '' : `${kind.group}/`
  const gone: GraphNode[] = []
  const doubtful: GraphNode[] = []
  for (const node of graph.nodes()) {
    const { identity, isVirtual } = node
    if (identity.kind !== kind.kind || present.has(identity.uid)) continue
    if (!isVirtual && identity.apiVersion === apiVersion) gone.push(node)
    else if (isVirtual && identity.apiVersion.startsWith(group)) doubtful.push(node)
  }
  return { gone, doubtful }
}

function sinkOf(
  kind: AnyKind,
  graph: DependencyGraph,
  setup: ControllerSetup,
  attemptDelete: (node: GraphNode) => void,
  left: AbortSignal,
): ReflectorSink<KubernetesObject> {
  const apiVersion = apiVersionOf(kind)
  const observe = ({ metadata = {} }: KubernetesObject): void => {
    const { namespace = '', name = '', uid = '' } = metadata
    const identity: Identity = { apiVersion, kind: kind.kind, namespace, name, uid }
    graph.observe(identity, metadata)
  }
  return {
    replace: async (objects) => {
      const present = new Set(objects.map(({ metadata }) => metadata?.uid ?? ''))
      let taken = 0
      for (const object of objects) {
        if (left.aborted) return
        observe(object)
        if (++taken % objectsPerTurn === 0) await setup.host.nextTurn()
      }
      const { gone, doubtful } = missing(kind, graph, present)
      for (const { identity } of gone) graph.remove(identity.uid)
      for (const node of doubtful) attemptDelete(node)
    },
    apply: async (events) => {
      for (const { type, object } of left.aborted ? [] : events) {
        if (type === 'DELETED') graph.remove(object.metadata?.uid ?? '')
        else observe(object)
      }
    },
    progress: () => {},
  }
}

/** The state of a collector from its start to its stop. */
class Collector {
  readonly #setup: ControllerSetup
  readonly #graph: DependencyGraph
  readonly #followed = new Map<string, FollowedKind>()
  readonly #syncErrors: Counter
  #kinds: ReadonlyMap<string, AnyKind> = new Map()

  constructor(setup: ControllerSetup, kinds: KindSource) {
    this.#setup = setup
    this.#graph = new DependencyGraph({
      attemptDelete: (node) => this.#enqueueDelete(node),
      attemptOrphan: (node) => setup.enqueue(`orphan ${node.identity.uid}`),
      invalidOwner: (node, message) =>
        setup.events.event(objectOf(node.identity), 'Warning', 'OwnerRefInvalidNamespace', message),
    })
    this.#syncErrors = setup.metrics.counter({
      name: 'garbagecollector_controller_resources_sync_error_total',
      help: 'Number of garbage collector resources sync errors',
    })
    setup.waitFor(this.#inStep(this.#followAll(kinds.list())))
    const leave = kinds.onChange(() => {
      void this.#inStep(this.#followAll(kinds.list()))
    })
    setup.signal.addEventListener('abort', leave, { once: true })
  }

  /**
   * Resolves when these are in step, or a while later: what cannot be followed must not hold up the rest, as owners
   * are looked up on the server before anything is deleted.
   */
  async #inStep(synced: readonly Promise<void>[]): Promise<void> {
    if (synced.length === 0) return
    const { host, signal, logger } = this.#setup
    const done = new AbortController()
    const all = Promise.allSettled(synced).then(() => true)
    const late = sleep(host, syncTimeoutMs, signal, done.signal).then(() => false)
    if (!(await Promise.race([all, late])) && !signal.aborted) {
      this.#syncErrors.inc()
      logger.warn('some resources cannot be followed yet; the garbage collector goes on without them')
    }
    done.abort()
  }

  /** Follows what is new among these and lets go of what is not served. Gives when each new one is in step. */
  #followAll(kinds: readonly AnyKind[]): readonly Promise<void>[] {
    this.#kinds = kindsByReference(kinds)
    const wanted = collectableKinds(kinds, this.#followed)
    for (const [id, { kind, followed, leave }] of this.#followed) {
      const now = wanted.get(id)
      if (now !== undefined && isSameVersion(now, kind)) continue
      this.#followed.delete(id)
      leave.abort()
      void followed.stop()
      this.#graph.unobserve({ apiVersion: apiVersionOf(kind), kind: kind.kind })
    }
    const synced: Promise<void>[] = []
    for (const [id, kind] of wanted) {
      if (this.#followed.has(id)) continue
      const leave = new AbortController()
      const attempt = (node: GraphNode): void => this.#enqueueDelete(node)
      const sink = sinkOf(kind, this.#graph, this.#setup, attempt, leave.signal)
      const followed = this.#setup.informers.follow(kind, sink)
      this.#followed.set(id, { kind, followed, leave })
      synced.push(followed.whenSynced())
    }
    return synced
  }

  async reconcile(key: Key, { api }: ReconcileContext): Promise<Outcome> {
    const space = key.indexOf(' ')
    const node = this.#graph.node(key.slice(space + 1))
    if (node === undefined) return done
    const attempt: Attempt = {
      graph: this.#graph,
      live: new LiveObjects(api, this.#kinds),
      attemptDelete: (other) => this.#enqueueDelete(other),
    }
    if (key.startsWith('orphan ')) {
      await attemptToOrphan(attempt, node)
      return done
    }
    try {
      await attemptToDelete(attempt, node)
    } catch (error) {
      if (error instanceof NamespacedOwnerError) return done
      throw error
    }
    // It exists and nobody has shown it: what is added and removed while a watch is down would stay forever.
    if (node.isVirtual && this.#graph.node(node.identity.uid) === node) {
      throw new RetryError(`${node.identity.kind} ${node.identity.name} has not been observed yet`)
    }
    return done
  }

  #enqueueDelete(node: GraphNode): void {
    this.#setup.enqueue(`delete ${node.identity.uid}`)
  }
}

/** Deletes objects whose owners are gone, in the order and manner that the deletion of the owner asks for. */
export function garbageCollector(options: GarbageCollectorOptions): AnyController {
  let collector: Collector | undefined
  return defineController({
    name: 'garbage-collector',
    permissions: [
      { group: '*', resources: ['*'], verbs: ['delete', 'get', 'list', 'patch', 'update', 'watch'] },
    ],
    workers,
    setUp: (setup) => {
      collector = new Collector(setup, options.kinds)
    },
    reconcile: async (key, context) => collector?.reconcile(key, context) ?? done,
  })
}
