import type { KubernetesObject } from '../apimachinery/meta.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import type { ResourceClient } from '../client/client.ts'
import type { AnyKind } from './controller.ts'
import { controllerOf, controllerReference } from './owner-references.ts'

export interface ClaimOptions<O extends KubernetesObject, T extends KubernetesObject> {
  readonly ownerKind: AnyKind
  readonly owner: O
  /** The owner as the server has it now: a cache may show one that was deleted and made anew. */
  readonly liveOwner: () => Promise<O>
  readonly candidates: readonly T[]
  readonly matches: (object: T) => boolean
  readonly api: ResourceClient<T>
  /** Finalizers that an adopted object gets. */
  readonly finalizers?: readonly string[]
}

/** Undefined: the object is no business of the owner's. */
type Claim = 'keep' | 'release' | 'adopt' | undefined

function claimOf<T extends KubernetesObject>(
  owner: KubernetesObject,
  object: T,
  matches: (object: T) => boolean,
): Claim {
  const ownerIsGoing = owner.metadata?.deletionTimestamp !== undefined
  const controller = controllerOf(object)
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata?.uid) return undefined
    if (matches(object)) return 'keep'
    return ownerIsGoing ? undefined : 'release'
  }
  if (ownerIsGoing || object.metadata?.deletionTimestamp !== undefined || !matches(object)) return undefined
  return object.metadata?.namespace === owner.metadata?.namespace ? 'adopt' : undefined
}

/**
 * The candidates that belong to the owner: it keeps what is its own and matches, releases its own that does
 * not match any more, and adopts what matches and has no controller (upstream's controller reference manager).
 */
export async function claimObjects<O extends KubernetesObject, T extends KubernetesObject>(
  options: ClaimOptions<O, T>,
): Promise<readonly T[]> {
  const { owner, candidates, matches } = options
  let permission: Promise<void> | undefined
  const claimed: T[] = []
  const errors: unknown[] = []
  for (const object of candidates) {
    const claim = claimOf(owner, object, matches)
    try {
      if (claim === 'keep') claimed.push(object)
      else if (claim === 'release') await release(options, object)
      else if (claim === 'adopt') {
        permission ??= mayAdopt(options)
        await permission
        const adopted = await adopt(options, object)
        if (adopted !== undefined) claimed.push(adopted)
      }
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, 'objects could not be claimed')
  return claimed
}

async function mayAdopt<O extends KubernetesObject, T extends KubernetesObject>(
  options: ClaimOptions<O, T>,
): Promise<void> {
  const { owner, liveOwner, ownerKind } = options
  const live = await liveOwner()
  const { namespace, name, uid } = owner.metadata ?? {}
  if (live.metadata?.uid !== uid) {
    throw new Error(
      `original ${ownerKind.kind} ${namespace}/${name} is gone: got uid ${live.metadata?.uid}, wanted ${uid}`,
    )
  }
  if (live.metadata?.deletionTimestamp !== undefined) {
    throw new Error(`${namespace}/${name} has just been deleted at ${live.metadata.deletionTimestamp}`)
  }
}

async function adopt<O extends KubernetesObject, T extends KubernetesObject>(
  options: ClaimOptions<O, T>,
  object: T,
): Promise<T | undefined> {
  const { api, owner, ownerKind, finalizers } = options
  const patch = {
    metadata: {
      ownerReferences: [controllerReference(ownerKind, owner)],
      uid: object.metadata?.uid,
      ...(finalizers === undefined ? {} : { finalizers }),
    },
  }
  try {
    return await patched(api, object, patch)
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

async function release<O extends KubernetesObject, T extends KubernetesObject>(
  options: ClaimOptions<O, T>,
  object: T,
): Promise<void> {
  const { api, owner } = options
  const reference = { $patch: 'delete', uid: owner.metadata?.uid }
  const patch = { metadata: { ownerReferences: [reference], uid: object.metadata?.uid } }
  try {
    await patched(api, object, patch)
  } catch (error) {
    // It is gone, or somebody else has removed the reference (or the object was made anew): nothing is left to do.
    if (!isStatus(error, 'NotFound', 'Invalid')) throw error
  }
}

function patched<T extends KubernetesObject>(api: ResourceClient<T>, object: T, patch: unknown): Promise<T> {
  const { namespace = '', name = '' } = object.metadata ?? {}
  return api.patch(namespace, name, 'application/strategic-merge-patch+json', patch)
}
