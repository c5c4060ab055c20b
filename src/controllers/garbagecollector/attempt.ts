import type {
  DeletionPropagation,
  KubernetesObject,
  ObjectMeta,
  OwnerReference,
} from '../../apimachinery/meta.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import {
  blockingDependents,
  type DependencyGraph,
  dependentsOf,
  foregroundFinalizer,
  type GraphNode,
  orphanFinalizer,
} from './dependency-graph.ts'
import { identityOfOwner } from './identity.ts'
import type { LiveObjects } from './live-objects.ts'

/** Dependents of one owner that are patched side by side. */
const orphansAtOnce = 100

export interface Attempt {
  readonly graph: DependencyGraph
  readonly live: LiveObjects
  readonly attemptDelete: (node: GraphNode) => void
}

interface Owners {
  /** They exist, and keep their dependents alive. */
  readonly solid: readonly OwnerReference[]
  readonly dangling: readonly OwnerReference[]
  /** They are being deleted, and wait for their dependents. */
  readonly waiting: readonly OwnerReference[]
}

const hasFinalizer = (metadata: ObjectMeta | undefined, finalizer: string): boolean =>
  metadata?.finalizers?.includes(finalizer) === true

/** The owner as it is now; undefined when it does not exist. */
async function liveOwner(
  { graph, live }: Attempt,
  reference: OwnerReference,
  namespace: string,
): Promise<KubernetesObject | undefined> {
  const inCluster = identityOfOwner(reference, '')
  const inNamespace = identityOfOwner(reference, namespace)
  if (graph.isKnownAbsent(inCluster) || graph.isKnownAbsent(inNamespace)) return undefined
  const identity = live.isNamespaced(reference) ? inNamespace : inCluster
  const owner = await live.get(identity)
  if (owner?.metadata?.uid === reference.uid) return owner
  graph.rememberAbsent(identity)
  return undefined
}

async function classify(
  attempt: Attempt,
  node: GraphNode,
  references: readonly OwnerReference[],
): Promise<Owners> {
  const solid: OwnerReference[] = []
  const dangling: OwnerReference[] = []
  const waiting: OwnerReference[] = []
  for (const reference of references) {
    const owner = await liveOwner(attempt, reference, node.identity.namespace)
    const isGoing = owner?.metadata?.deletionTimestamp !== undefined
    if (owner === undefined) dangling.push(reference)
    else if (isGoing && hasFinalizer(owner.metadata, foregroundFinalizer)) waiting.push(reference)
    else solid.push(reference)
  }
  return { solid, dangling, waiting }
}

/** The owner waits for those that block it, and goes when there are none. */
async function deleteDependents({ live, attemptDelete }: Attempt, node: GraphNode): Promise<void> {
  const blocking = blockingDependents(node)
  if (blocking.length === 0) {
    await live.removeFinalizer(node.identity, foregroundFinalizer)
    return
  }
  for (const dependent of blocking) if (!dependent.isDeletingDependents) attemptDelete(dependent)
}

function policyFor(metadata: ObjectMeta | undefined): DeletionPropagation {
  if (hasFinalizer(metadata, orphanFinalizer)) return 'Orphan'
  return hasFinalizer(metadata, foregroundFinalizer) ? 'Foreground' : 'Background'
}

async function deleteNode(
  { graph, live }: Attempt,
  node: GraphNode,
  latest: KubernetesObject,
  policy: DeletionPropagation,
): Promise<void> {
  if (!(await live.delete(node.identity, latest, policy))) graph.confirmAbsent(node.identity)
}

/** Whether a dependent waits for its own dependents: the owners may wait for each other in a circle. */
const mayBeCircular = (node: GraphNode): boolean =>
  dependentsOf(node).some((dependent) => dependent.isDeletingDependents)

async function collect(attempt: Attempt, node: GraphNode, latest: KubernetesObject): Promise<void> {
  const { live } = attempt
  const references = latest.metadata?.ownerReferences ?? []
  if (references.length === 0) return
  const { solid, dangling, waiting } = await classify(attempt, node, references)
  if (solid.length > 0) {
    const gone = [...dangling, ...waiting]
    if (gone.length > 0) await live.removeOwners(node.identity, gone)
    return
  }
  if (waiting.length === 0 || dependentsOf(node).length === 0) {
    await deleteNode(attempt, node, latest, policyFor(latest.metadata))
    return
  }
  const blocked = node.owners.filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true)
  if (mayBeCircular(node) && blocked.length > 0) {
    await live.patchOwners(
      node.identity,
      blocked.map((reference) => ({ ...reference, blockOwnerDeletion: false })),
    )
  }
  await deleteNode(attempt, node, latest, 'Foreground')
}

/**
 * Deletes the object of a node if all its owners are gone, or lets it go if it waited for its dependents.
 * Throws NamespacedOwnerError where an owner can never be found.
 */
export async function attemptToDelete(attempt: Attempt, node: GraphNode): Promise<void> {
  const { graph, live } = attempt
  if (node.isBeingDeleted && !node.isDeletingDependents) return
  // Most owners have none themselves, and were seen: there is nothing to ask the server.
  if (!node.isVirtual && !node.isDeletingDependents && node.owners.length === 0) return
  const { identity } = node
  const latest = await live.get(identity)
  if (latest?.metadata?.uid !== identity.uid) graph.confirmAbsent(identity)
  else if (node.isDeletingDependents) await deleteDependents(attempt, node)
  else await collect(attempt, node, latest)
}

/** Takes the node out of its dependents' owners, then lets it go. */
export async function attemptToOrphan({ live }: Attempt, node: GraphNode): Promise<void> {
  const { identity } = node
  const dependents = dependentsOf(node)
  const orphan = async (dependent: GraphNode): Promise<void> => {
    try {
      await live.removeOwners(dependent.identity, [identity])
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }
  for (let from = 0; from < dependents.length; from += orphansAtOnce) {
    await Promise.all(dependents.slice(from, from + orphansAtOnce).map(orphan))
  }
  await live.removeFinalizer(identity, orphanFinalizer)
}
