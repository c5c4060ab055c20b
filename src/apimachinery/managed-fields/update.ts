import type { FieldsV1, KubernetesObject, ManagedFieldsEntry } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { compare } from './compare.ts'
import { difference, type FieldSet, isEmpty, leaf, recursiveDifference, union } from './field-set.ts'
import {
  capUpdaters,
  decodeManagers,
  encodeManagers,
  identity,
  type ManagedSet,
  type Managers,
} from './managers.ts'
import type { Fields } from './typed.ts'

/** Who writes what: everything that field management needs to know of a request. */
export interface FieldManagement {
  /** The manager's name; '' counts as `unknown`. */
  readonly manager: string
  /** Of the object in the request: `apps/v1`. */
  readonly apiVersion: string
  /** '' for the main resource. */
  readonly subresource: string
  /** RFC 3339, in seconds. */
  readonly time: string
  /** Of the kind. */
  readonly schema: Schema
  /** Fields that this endpoint resets, and that nobody comes to own by writing them here (`status` on the main resource). */
  readonly reset?: FieldsV1
}

/** Fields of the machinery, which nobody owns; upstream's list. */
const unowned: FieldsV1 = {
  'f:apiVersion': leaf,
  'f:kind': leaf,
  'f:metadata': {
    '.': leaf,
    'f:name': leaf,
    'f:namespace': leaf,
    'f:creationTimestamp': leaf,
    'f:selfLink': leaf,
    'f:uid': leaf,
    'f:clusterName': leaf,
    'f:generation': leaf,
    'f:managedFields': leaf,
    'f:resourceVersion': leaf,
  },
}

/** What this writer may come to own of `set`. */
export function ownable(set: FieldSet, management: FieldManagement): FieldSet {
  const rest = management.reset === undefined ? set : recursiveDifference(set, management.reset)
  return difference(rest, unowned)
}

export function withoutManagedFields(object: KubernetesObject): Fields {
  const { managedFields: _dropped, ...metadata } = object.metadata ?? {}
  return { ...object, metadata } as unknown as Fields
}

export function withManagers(object: KubernetesObject, managers: Managers): KubernetesObject {
  const managedFields = encodeManagers(managers)
  const { managedFields: _old, ...metadata } = object.metadata ?? {}
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } }
}

/** A client resets the field with an empty list, or a list of one empty entry. */
function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false
  const [first] = entries
  return first === undefined || (entries.length === 1 && Object.keys(first).length === 0)
}

/** The managers to start from: what the client sent, where it sent any, else what was stored. */
function startingManagers(
  live: KubernetesObject | undefined,
  updated: KubernetesObject,
  subresource: string,
): Managers {
  const stored = (): Managers => decodeManagers(live?.metadata?.managedFields) ?? new Map()
  if (subresource !== '') return stored()
  const sent = updated.metadata?.managedFields
  if (isReset(sent)) return new Map()
  const decoded = decodeManagers(sent)
  return decoded === undefined || decoded.size === 0 ? stored() : decoded
}

/** Takes `changed` from every other manager of the version, or all versions where `changed` is what was removed. */
export function takeFromOthers(
  managers: Managers,
  writer: string,
  changed: FieldSet,
): Map<string, ManagedSet> {
  const rest = new Map<string, ManagedSet>()
  for (const [key, managed] of managers) {
    const set = key === writer || changed === undefined ? managed.set : difference(managed.set, changed)
    if (set === managed.set) rest.set(key, managed)
    else if (!isEmpty(set)) rest.set(key, { ...managed, set })
  }
  return rest
}

/**
 * `updated` with metadata.managedFields as they are after its writer has written it over `live` (absent: a
 * create). Owners of fields that changed lose them to the writer. Objects that never had managers get none.
 */
export function updateManagedFields(
  live: KubernetesObject | undefined,
  updated: KubernetesObject,
  management: FieldManagement,
): KubernetesObject {
  const managers = startingManagers(live, updated, management.subresource)
  if (managers.size === 0 && live !== undefined) return withManagers(updated, managers)
  return withManagers(updated, capUpdaters(managersAfter(live, updated, managers, management)))
}

/** The managers after an update of `live` to `updated`. */
export function managersAfter(
  live: KubernetesObject | undefined,
  updated: KubernetesObject,
  managers: Managers,
  management: FieldManagement,
): Managers {
  const left = live === undefined ? {} : withoutManagedFields(live)
  const { added, removed, modified } = compare(left, withoutManagedFields(updated), management.schema)
  const touched = union(added, modified)
  const entry = {
    manager: management.manager === '' ? 'unknown' : management.manager,
    operation: 'Update',
    apiVersion: management.apiVersion,
    subresource: management.subresource,
  } as const
  const writer = identity(entry)
  const reset = management.reset
  const effective =
    reset === undefined ? union(touched, removed) : recursiveDifference(union(touched, removed), reset)
  const after = takeFromOthers(managers, '', effective)
  const own = ownable(touched, management)
  if (!isEmpty(own)) {
    const kept = after.get(writer)?.set
    after.set(writer, { ...entry, time: management.time, set: union(kept, own) })
  }
  return after
}
