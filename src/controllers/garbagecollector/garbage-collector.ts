import type { KubernetesObject } from '../../apimachinery/meta.ts'
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

/** Objects taken into the graph in one turn of the event loop. */
const objectsPerTurn = 1_000

/** Kinds whose objects own nothing and are owned by nobody. */
const isIgnored = ({ resource, group }: AnyKind): boolean =>
  resource === 'events' && (group === '' || group === 'events.k8s.io')

/** Each stored resource in one version. */
function collectableKinds(kinds: readonly AnyKind[]): readonly AnyKind[] {
  const chosen = new Map<string, AnyKind>()
  for (const kind of kinds) {
    const id = `${kind.group}/${kind.resource}`
    const isDeletable = (['delete', 'list', 'watch'] as const).every((verb) => kind.verbs.includes(verb))
    if (isDeletable && !isIgnored(kind) && !chosen.has(id)) chosen.set(id, kind)
  }
  return [...chosen.values()]
}

function sinkOf(
  kind: AnyKind,
  graph: DependencyGraph,
  setup: ControllerSetup,
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
        observe(object)
        if (++taken % objectsPerTurn === 0) await setup.host.nextTurn()
      }
      const gone = [...graph.nodes()].filter(
        ({ identity, isVirtual }) =>
          !isVirtual &&
          identity.kind === kind.kind &&
          identity.apiVersion === apiVersion &&
          !present.has(identity.uid),
      )
      for (const { identity } of gone) graph.remove(identity.uid)
    },
    apply: async (events) => {
      for (const { type, object } of events) {
        if (type === 'DELETED') graph.remove(object.metadata?.uid ?? '')
        else observe(object)
      }
    },
    progress: () => {},
  }
}

interface FollowedKind {
  readonly kind: AnyKind
  readonly followed: Followed
}

const followedId = (kind: AnyKind): string => `${apiVersionOf(kind)} ${kind.resource} ${kind.kind}`

/** A kind is served no more: nothing of it is left to be seen. */
function forget(kind: AnyKind, graph: DependencyGraph): void {
  const apiVersion = apiVersionOf(kind)
  const gone = [...graph.nodes()].filter(
    ({ identity, isVirtual }) =>
      !isVirtual && identity.kind === kind.kind && identity.apiVersion === apiVersion,
  )
  for (const { identity } of gone) graph.remove(identity.uid)
}

/** The state of a collector from its start to its stop. */
class Collector {
  readonly #setup: ControllerSetup
  readonly #graph: DependencyGraph
  readonly #followed = new Map<string, FollowedKind>()
  #kinds: ReadonlyMap<string, AnyKind> = new Map()

  constructor(setup: ControllerSetup, kinds: KindSource) {
    this.#setup = setup
    this.#graph = new DependencyGraph({
      attemptDelete: (node) => this.#enqueueDelete(node),
      attemptOrphan: (node) => setup.enqueue(`orphan ${node.identity.uid}`),
      invalidOwner: (node, message) =>
        setup.events.event(objectOf(node.identity), 'Warning', 'OwnerRefInvalidNamespace', message),
    })
    for (const synced of this.#followAll(kinds.list())) setup.waitFor(synced)
    const leave = kinds.onChange(() => {
      // What appears later is waited for by nobody; its watch goes on trying.
      for (const synced of this.#followAll(kinds.list())) synced.catch(() => {})
    })
    setup.signal.addEventListener('abort', leave, { once: true })
  }

  /** Follows what is new among these and forgets what is gone. Gives when each new one is in step. */
  #followAll(kinds: readonly AnyKind[]): readonly Promise<void>[] {
    this.#kinds = kindsByReference(kinds)
    const wanted = new Map(collectableKinds(kinds).map((kind) => [followedId(kind), kind]))
    for (const [id, { kind, followed }] of this.#followed) {
      if (wanted.has(id)) continue
      this.#followed.delete(id)
      void followed.stop().then(() => forget(kind, this.#graph))
    }
    const { informers } = this.#setup
    const synced: Promise<void>[] = []
    for (const [id, kind] of wanted) {
      if (this.#followed.has(id)) continue
      const followed = informers.follow(kind, sinkOf(kind, this.#graph, this.#setup))
      this.#followed.set(id, { kind, followed })
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
