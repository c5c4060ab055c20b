import type { apps } from '../api/generated/types/index.ts'
import { jsonEqual } from '../apimachinery/json-equal.ts'
import type { JsonObject, KubernetesObject } from '../apimachinery/meta.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import { timeMs } from '../apimachinery/time.ts'
import type { ResourceClient } from '../client/client.ts'
import type { AnyKind } from './controller.ts'
import { controllerReference } from './owner-references.ts'
import { shortHash } from './short-hash.ts'

type Revision = apps.v1.ControllerRevision

/** Of a revision's name before its hash. */
const maxPrefixLength = 223

/** Revisions without use that are kept where an owner names no limit (upstream's). */
const defaultHistoryLimit = 10

const createdMs = ({ metadata }: Revision): number =>
  metadata?.creationTimestamp ? (timeMs(metadata.creationTimestamp) ?? 0) : 0

/** Oldest first: by number, then by age, then by name. */
export const sortedRevisions = (revisions: readonly Revision[]): readonly Revision[] =>
  revisions.toSorted(
    (a, b) =>
      a.revision - b.revision ||
      createdMs(a) - createdMs(b) ||
      ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  )

export interface RevisionRequest {
  readonly kind: AnyKind
  readonly owner: KubernetesObject
  /** What the revision restores; compared as JSON. */
  readonly data: JsonObject
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Under which label the revision carries its hash. */
  readonly hashLabel: string
  readonly revision: number
}

/** A revision as it would be made after so many collisions of its name. */
function newRevision(request: RevisionRequest, collisionCount: number): Revision {
  const { kind, owner, data, labels, annotations, hashLabel, revision } = request
  const hash = shortHash(data, collisionCount)
  const { name = '', namespace } = owner.metadata ?? {}
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name.slice(0, maxPrefixLength)}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [hashLabel]: hash },
      annotations,
      ownerReferences: [controllerReference(kind, owner)],
    },
    data,
    revision,
  }
}

export interface UpdateRevision {
  readonly revision: Revision
  readonly collisionCount: number
}

/**
 * The revision that stands for the owner as it is: the newest one where it is equal, an older equal one under a new
 * number (a rollback), or a new one. `revisions` are the owner's, sorted.
 */
export async function ensureRevision(
  api: ResourceClient<Revision>,
  revisions: readonly Revision[],
  request: Omit<RevisionRequest, 'revision'>,
  collisionCount: number,
): Promise<UpdateRevision> {
  const newest = revisions.at(-1)
  const next = (newest?.revision ?? 0) + 1
  const equal = revisions.findLast(({ data }) => jsonEqual(data, request.data))
  if (equal !== undefined && equal === newest) return { revision: equal, collisionCount }
  if (equal !== undefined) {
    return { revision: await api.update({ ...equal, revision: next }), collisionCount }
  }
  for (let count = collisionCount; ; count++) {
    const wanted = newRevision({ ...request, revision: next }, count)
    try {
      return { revision: await api.create(wanted), collisionCount: count }
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error
      const { namespace = '', name = '' } = wanted.metadata ?? {}
      const present = await api.get(namespace, name)
      if (jsonEqual(present.data, wanted.data)) return { revision: present, collisionCount: count }
    }
  }
}

/** The oldest of those that nobody lives by, beyond the limit. */
function superfluousRevisions(
  revisions: readonly Revision[],
  live: ReadonlySet<string>,
  limit: number,
): readonly Revision[] {
  const history = revisions.filter(({ metadata }) => !live.has(metadata?.name ?? ''))
  return limit < 0 ? [] : history.slice(0, Math.max(history.length - limit, 0))
}

/** Deletes what the history holds beyond its limit; revisions named in `live` stay and do not count. */
export async function truncateHistory(
  api: ResourceClient<Revision>,
  revisions: readonly Revision[],
  live: ReadonlySet<string>,
  limit = defaultHistoryLimit,
): Promise<void> {
  for (const { metadata } of superfluousRevisions(revisions, live, limit)) {
    try {
      await api.delete(metadata?.namespace ?? '', metadata?.name ?? '', {})
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }
}
