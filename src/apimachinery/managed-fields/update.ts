import { jsonEqual } from '../json-equal.ts'
import type { FieldsV1, KubernetesObject, ManagedFieldsEntry } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { type Comparison, compare } from './compare.ts'
import type { CreatedFields } from './created-fields.ts'
import { difference, type FieldSet, inOrder, isEmpty, leaf, recursiveDifference, union } from './field-set.ts'
import {
  capUpdaters,
  decodeManagers,
  encodeManagers,
  identity,
  type ManagedSet,
  type Managers,
} from './managers.ts'
import type { Fields } from './typed.ts'
import { VersionedObject, type Versions } from './versions.ts'

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
  /** Of the kind in that version. */
  readonly schema: Schema
  readonly versions: Versions
  /** An object of the kind of which nothing has been said: what a create is compared with. */
  readonly empty: KubernetesObject
  /** What creates came to own before, where this may be one. */
  readonly created?: CreatedFields
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
  if (object.metadata?.managedFields === undefined) {
    return (object.metadata === undefined ? { ...object, metadata: {} } : object) as unknown as Fields
  }
  return { ...object, metadata: { ...object.metadata, managedFields: undefined } } as unknown as Fields
}

export function withManagers(object: KubernetesObject, managers: Managers): KubernetesObject {
  const managedFields = encodeManagers(managers)
  if (managedFields.length > 0) return { ...object, metadata: { ...object.metadata, managedFields } }
  const { managedFields: _old, ...metadata } = object.metadata ?? {}
  return { ...object, metadata }
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
): Map<string, ManagedSet> {
  const before = live?.metadata?.managedFields
  const stored = (): Map<string, ManagedSet> => decodeManagers(before, true) ?? new Map()
  const sent = updated.metadata?.managedFields
  // Most send back what they have read.
  if (subresource !== '' || (sent !== undefined && jsonEqual(sent, before))) return stored()
  if (isReset(sent)) return new Map()
  const decoded = decodeManagers(sent, false)
  return decoded === undefined || decoded.size === 0 ? stored() : decoded
}

/** How two states of an object differ, in whichever version that is asked for. */
export class Difference {
  readonly #left: VersionedObject
  readonly #right: VersionedObject
  readonly #management: FieldManagement
  readonly #known = new Map<string, Comparison>()

  constructor(left: Fields, right: Fields, management: FieldManagement) {
    const { versions, apiVersion } = management
    this.#left = new VersionedObject(versions, apiVersion, left)
    this.#right = new VersionedObject(versions, apiVersion, right)
    this.#management = management
  }

  /** Undefined: the version is not known. Fields that the endpoint resets do not count. */
  in(apiVersion: string): Comparison | undefined {
    const known = this.#known.get(apiVersion)
    if (known !== undefined) return known
    const { reset, schema, versions } = this.#management
    const own = apiVersion === this.#management.apiVersion
    const type = own ? schema : versions.schemaOf(apiVersion)
    if (type === undefined) return undefined
    const all = compare(this.#left.in(apiVersion), this.#right.in(apiVersion), type)
    const made = reset === undefined ? all : withoutReset(all, reset)
    this.#known.set(apiVersion, made)
    return made
  }
}

const withoutReset = ({ added, removed, modified }: Comparison, reset: FieldsV1): Comparison => ({
  added: recursiveDifference(added, reset),
  removed: recursiveDifference(removed, reset),
  modified: recursiveDifference(modified, reset),
})

/** Takes what changed from every manager but `writer`; one of a version that is not known any more goes. */
export function takeFromOthers(
  managers: ReadonlyMap<string, ManagedSet>,
  writer: string,
  changes: Difference,
): Map<string, ManagedSet> {
  const rest = new Map<string, ManagedSet>()
  for (const [key, managed] of managers) {
    if (key === writer) {
      rest.set(key, managed)
      continue
    }
    const changed = changes.in(managed.apiVersion)
    if (changed === undefined) continue
    const { added, removed, modified } = changed
    const all = union(union(added, modified), removed)
    const set = all === undefined ? managed.set : difference(managed.set, all)
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
  const { created } = management
  if (created !== undefined && live === undefined && updated.metadata?.managedFields === undefined)
    return withCreator(updated, created, management)
  const managers = startingManagers(live, updated, management.subresource)
  if (managers.size === 0 && live !== undefined) return withManagers(updated, managers)
  return withManagers(updated, capUpdaters(managersAfter(live, updated, managers, management)))
}

/** A new object, all of which its creator owns. */
function withCreator(
  object: KubernetesObject,
  created: CreatedFields,
  management: FieldManagement,
): KubernetesObject {
  const fields = object as unknown as Fields
  const set = created.of(fields, () => {
    const all = new Difference(withoutManagedFields(management.empty), fields, management)
    return inOrder(touchedBy(all, management) ?? leaf)
  })
  if (isEmpty(set)) return object
  const { manager, operation, apiVersion } = writerOf(management)
  const { time } = management
  const entry = { manager, operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: set ?? {} } as const
  return { ...object, metadata: { ...object.metadata, managedFields: [entry] } }
}

const writerOf = (management: FieldManagement) =>
  ({
    manager: management.manager === '' ? 'unknown' : management.manager,
    operation: 'Update',
    apiVersion: management.apiVersion,
    subresource: management.subresource,
  }) as const

function touchedBy(changes: Difference, { apiVersion }: FieldManagement): FieldSet {
  const own = changes.in(apiVersion)
  return difference(union(own?.added, own?.modified), unowned)
}

/** The managers after an update of `live` to `updated`. */
export function managersAfter(
  live: KubernetesObject | undefined,
  updated: KubernetesObject,
  managers: Managers,
  management: FieldManagement,
): Map<string, ManagedSet> {
  const left = withoutManagedFields(live ?? management.empty)
  const changes = new Difference(left, withoutManagedFields(updated), management)
  const touched = touchedBy(changes, management)
  const after = takeFromOthers(managers, '', changes)
  if (isEmpty(touched)) return after
  const entry = writerOf(management)
  const writer = identity(entry)
  const kept = after.get(writer)?.set
  after.set(writer, { ...entry, time: management.time, set: union(kept, touched) })
  return after
}
