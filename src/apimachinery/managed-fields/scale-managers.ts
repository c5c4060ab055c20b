import type { ManagedFieldsEntry } from '../meta.ts'
import { difference, hasPath, isEmpty, setOf } from './field-set.ts'
import { decodeManagers, encodeManagers, identity, type ManagedSet } from './managers.ts'

type Entries = readonly ManagedFieldsEntry[]

/** Where a version of the scaled kind keeps its replicas, as keys of a field set; undefined: the version is not known. */
export type ReplicasPath = (apiVersion: string) => readonly string[] | undefined

export const scaleVersion = 'autoscaling/v1'
const replicasInScale = ['f:spec', 'f:replicas']

const decoded = (entries: Entries | undefined): ReadonlyMap<string, ManagedSet> =>
  decodeManagers(entries, true) ?? new Map<string, ManagedSet>()

/** The managers of an object's Scale: those who own its replicas. */
export function scaleManagers(entries: Entries | undefined, pathOf: ReplicasPath): Entries {
  const owners = new Map<string, ManagedSet>()
  for (const managed of decoded(entries).values()) {
    const path = pathOf(managed.apiVersion)
    if (path === undefined || !hasPath(managed.set, path)) continue
    const own = { ...managed, apiVersion: scaleVersion, set: setOf(replicasInScale) }
    owners.set(identity(own), own)
  }
  return encodeManagers(owners)
}

/**
 * The managers of an object after its Scale was written: who owned the replicas and does not own the Scale's any
 * more loses them, who owns those gets them. As upstream, whose entries for writers in other versions stay apart.
 */
export function parentManagers(
  parent: Entries | undefined,
  scale: Entries | undefined,
  pathOf: ReplicasPath,
  apiVersion: string,
): Entries {
  const before = decoded(parent)
  const scaled = new Map(decoded(scale))
  const owners = new Map<string, ManagedSet>()
  for (const [key, managed] of before) {
    const path = pathOf(managed.apiVersion)
    if (path === undefined) continue
    if (!hasPath(managed.set, path) || scaled.delete(key)) owners.set(key, managed)
    else {
      const set = difference(managed.set, setOf(path))
      if (!isEmpty(set)) owners.set(key, { ...managed, set })
    }
  }
  const replicas = pathOf(apiVersion)
  for (const [key, managed] of scaled) {
    if (replicas === undefined || !hasPath(managed.set, replicasInScale)) continue
    owners.set(key, { ...managed, apiVersion, set: setOf(replicas), time: before.get(key)?.time })
  }
  return encodeManagers(owners)
}
