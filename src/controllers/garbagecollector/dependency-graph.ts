import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { ObjectMeta, OwnerReference } from '../../apimachinery/meta.ts'
import { LruMap } from '../../base/lru-map.ts'
import {
  compareIdentities,
  formatIdentity,
  type Identity,
  identityKey,
  identityOfOwner,
  refersToIdentity,
  sameIdentity,
} from './identity.ts'

export const foregroundFinalizer = 'foregroundDeletion'
export const orphanFinalizer = 'orphan'

/** Absent owners that are remembered; upstream's. */
const rememberedAbsent = 500

/** An object in the graph. Changed by the graph alone. */
export interface GraphNode {
  identity: Identity
  owners: readonly OwnerReference[]
  /** Objects that name it as their owner; made when the first one does. */
  dependents: Set<GraphNode> | undefined
  /** Known only from its dependents: nobody has seen it yet. */
  isVirtual: boolean
  isBeingDeleted: boolean
  /** Being deleted, after its dependents. */
  isDeletingDependents: boolean
  /** Being deleted, after its dependents are orphaned. */
  isOrphaning: boolean
}

export interface GraphListener {
  /** The node may have to go, or may be able to. */
  attemptDelete(node: GraphNode): void
  attemptOrphan(node: GraphNode): void
  /** The node names an owner of another namespace. */
  invalidOwner(node: GraphNode, message: string): void
}

export const dependentsOf = (node: GraphNode): readonly GraphNode[] => [...(node.dependents ?? [])]

const blocks = (dependent: GraphNode, owner: GraphNode): boolean =>
  dependent.owners.some(
    ({ uid, blockOwnerDeletion }) => uid === owner.identity.uid && blockOwnerDeletion === true,
  )

/** Those for which the node's deletion in the foreground waits. */
export const blockingDependents = (node: GraphNode): readonly GraphNode[] =>
  dependentsOf(node).filter((dependent) => blocks(dependent, node))

/** Whether there is one. Of many dependents most block: the first tells. */
function isBlocked(node: GraphNode): boolean {
  for (const dependent of node.dependents ?? []) if (blocks(dependent, node)) return true
  return false
}

const isBlocking = (reference: OwnerReference | undefined): boolean => reference?.blockOwnerDeletion === true

/**
 * Who owns whom, over all kinds, fed by watches in any order: an owner that is named before it is seen is a
 * virtual node until it is seen, or known not to exist. A state machine without I/O: what may have to be done
 * goes to the listener.
 */
export class DependencyGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #absent = new LruMap<string, true>(rememberedAbsent)
  readonly #listener: GraphListener

  constructor(listener: GraphListener) {
    this.#listener = listener
  }

  get size(): number {
    return this.#nodes.size
  }

  node(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  nodes(): Iterable<GraphNode> {
    return this.#nodes.values()
  }

  isKnownAbsent(owner: Identity): boolean {
    return this.#absent.get(identityKey(owner)) === true
  }

  rememberAbsent(owner: Identity): void {
    this.#absent.set(identityKey(owner), true)
  }

  /** An object was seen, new or changed. */
  observe(identity: Identity, metadata: ObjectMeta): void {
    const owners = metadata.ownerReferences ?? []
    let node = this.#nodes.get(identity.uid)
    if (node === undefined) {
      node = this.#insert(identity, false)
      node.owners = owners
      this.#addToOwners(node, owners)
    } else {
      if (node.isVirtual) this.#makeReal(node, identity)
      if (!jsonEqual(node.owners, owners)) this.#changeOwners(node, owners)
    }
    this.#noteDeletion(node, metadata)
  }

  /** An object is gone. */
  remove(uid: string): void {
    const node = this.#nodes.get(uid)
    if (node !== undefined) this.#remove(node, node.identity)
  }

  /**
   * Objects of a kind are not followed any more, though they may exist: nobody will tell of their end. Those that
   * own something are virtual from now on.
   */
  unobserve({ apiVersion, kind }: Pick<Identity, 'apiVersion' | 'kind'>): void {
    for (const node of this.#nodes.values()) {
      if (node.isVirtual || node.identity.kind !== kind || node.identity.apiVersion !== apiVersion) continue
      if ((node.dependents?.size ?? 0) > 0) node.isVirtual = true
      else this.#detach(node)
    }
  }

  /**
   * The server does not have an object of that identity. Its dependents may know its uid under another one:
   * then the node stays, and that one has to be looked for next.
   */
  confirmAbsent(identity: Identity): void {
    const node = this.#nodes.get(identity.uid)
    if (node === undefined) return
    if (node.isVirtual) {
      const { matching, others } = partition(node, identity)
      if (others.length === 0) {
        this.#remove(node, identity)
        return
      }
      this.#absentFor(identity, matching)
      if (!sameIdentity(node.identity, identity)) return
      node.identity = alternativeIdentity(others, identity) ?? node.identity
    } else if (sameIdentity(node.identity, identity)) {
      this.#remove(node, identity)
    } else {
      this.#absentFor(identity, partition(node, identity).matching)
    }
  }

  #absentFor(identity: Identity, dependents: readonly GraphNode[]): void {
    if (dependents.length === 0) return
    this.rememberAbsent(identity)
    for (const dependent of dependents) this.#listener.attemptDelete(dependent)
  }

  #insert(identity: Identity, isVirtual: boolean): GraphNode {
    const node: GraphNode = {
      identity,
      owners: [],
      dependents: undefined,
      isVirtual,
      isBeingDeleted: false,
      isDeletingDependents: false,
      isOrphaning: false,
    }
    this.#nodes.set(identity.uid, node)
    return node
  }

  #detach(node: GraphNode): void {
    this.#nodes.delete(node.identity.uid)
    for (const { uid } of node.owners) this.#nodes.get(uid)?.dependents?.delete(node)
  }

  #remove(node: GraphNode, identity: Identity): void {
    this.#detach(node)
    if ((node.dependents?.size ?? 0) > 0) this.rememberAbsent(identity)
    for (const dependent of dependentsOf(node)) this.#listener.attemptDelete(dependent)
    this.#releaseOwners(node)
  }

  /** Those that have waited for this one alone. A look at each dependent's end would cost a look at all others. */
  #releaseOwners(node: GraphNode): void {
    for (const { uid } of node.owners) {
      const owner = this.#nodes.get(uid)
      if (owner?.isDeletingDependents && !isBlocked(owner)) this.#listener.attemptDelete(owner)
    }
  }

  /** Its dependents may have taken it for something else. */
  #makeReal(node: GraphNode, identity: Identity): void {
    node.isVirtual = false
    if (sameIdentity(node.identity, identity)) return
    for (const dependent of partition(node, identity).others) {
      if (identity.namespace !== '' && dependent.identity.namespace !== identity.namespace) {
        this.#reportOwner(dependent, identity.uid)
      }
      this.#listener.attemptDelete(dependent)
    }
    node.identity = identity
  }

  #changeOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    const before = new Map(node.owners.map((reference) => [reference.uid, reference]))
    const after = new Map(owners.map((reference) => [reference.uid, reference]))
    for (const [uid, old] of before) {
      const owner = this.#nodes.get(uid)
      if (isBlocking(old) && !isBlocking(after.get(uid)) && owner !== undefined) {
        this.#listener.attemptDelete(owner)
      }
      if (!after.has(uid)) owner?.dependents?.delete(node)
    }
    node.owners = owners
    const added = owners.filter(({ uid }) => !before.has(uid))
    this.#addToOwners(node, added)
  }

  #addToOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    let needsLook = false
    for (const reference of owners) {
      const known = this.#nodes.get(reference.uid)
      const owner = known ?? this.#insert(identityOfOwner(reference, node.identity.namespace), true)
      owner.dependents ??= new Set()
      owner.dependents.add(node)
      if (known === undefined) {
        this.#listener.attemptDelete(owner)
        continue
      }
      if (!needsLook) needsLook = this.#isDoubtful(node, reference, known)
      // The owner waits for this one as well, and has looked at its dependents already.
      if (known.isDeletingDependents) needsLook = true
    }
    if (needsLook) this.#listener.attemptDelete(node)
  }

  /** Whether the owner may be another object than the one that the reference means. */
  #isDoubtful(node: GraphNode, reference: OwnerReference, owner: GraphNode): boolean {
    const { namespace } = owner.identity
    if (namespace !== '' && namespace !== node.identity.namespace) {
      if (!owner.isVirtual) this.#reportOwner(node, reference.uid)
      return true
    }
    if (!refersToIdentity(reference, owner.identity)) return true
    return namespace === '' && node.identity.namespace !== '' && owner.isVirtual
  }

  #reportOwner(node: GraphNode, uid: string): void {
    const reference = node.owners.find((candidate) => candidate.uid === uid)
    if (reference === undefined) return
    const { namespace } = node.identity
    const owner = formatIdentity(identityOfOwner(reference, namespace))
    this.#listener.invalidOwner(node, `ownerRef ${owner} does not exist in namespace "${namespace}"`)
  }

  #noteDeletion(node: GraphNode, { deletionTimestamp, finalizers = [] }: ObjectMeta): void {
    const isBeingDeleted = deletionTimestamp !== undefined
    const wasOrphaning = node.isOrphaning
    const wasDeletingDependents = node.isDeletingDependents
    node.isBeingDeleted = isBeingDeleted
    node.isOrphaning = isBeingDeleted && finalizers.includes(orphanFinalizer)
    node.isDeletingDependents = isBeingDeleted && finalizers.includes(foregroundFinalizer)
    if (node.isOrphaning && !wasOrphaning) {
      this.#listener.attemptOrphan(node)
    } else if (node.isDeletingDependents && !wasDeletingDependents) {
      for (const dependent of dependentsOf(node)) this.#listener.attemptDelete(dependent)
      this.#listener.attemptDelete(node)
    }
  }
}

interface Partition {
  /** Dependents whose reference means that identity. */
  readonly matching: readonly GraphNode[]
  /** Dependents with a reference of the same uid that means something else. */
  readonly others: readonly GraphNode[]
}

function partition(node: GraphNode, identity: Identity): Partition {
  const matching: GraphNode[] = []
  const others: GraphNode[] = []
  for (const dependent of dependentsOf(node)) {
    const isElsewhere = identity.namespace !== '' && identity.namespace !== dependent.identity.namespace
    const references = dependent.owners.filter(({ uid }) => uid === identity.uid)
    const fitting = isElsewhere ? [] : references.filter((reference) => refersToIdentity(reference, identity))
    if (fitting.length > 0) matching.push(dependent)
    if (isElsewhere || fitting.length < references.length) others.push(dependent)
  }
  return { matching, others }
}

/** What else the dependents say the owner is: the next one after `absent`, or else the first. */
function alternativeIdentity(dependents: readonly GraphNode[], absent: Identity): Identity | undefined {
  const alternatives = dependents
    .flatMap(({ identity, owners }) =>
      owners
        .filter(({ uid }) => uid === absent.uid)
        .map((reference) => {
          const isSameKind = reference.apiVersion === absent.apiVersion && reference.kind === absent.kind
          // What is absent shows that the kind is cluster-scoped.
          const namespace = absent.namespace === '' && isSameKind ? '' : identity.namespace
          return identityOfOwner(reference, namespace)
        }),
    )
    .filter((identity) => !sameIdentity(identity, absent))
    .sort(compareIdentities)
  return alternatives.find((identity) => compareIdentities(identity, absent) > 0) ?? alternatives[0]
}
