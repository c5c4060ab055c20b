import { goJson } from '../go-text.ts'
import { jsonEqual } from '../json-equal.ts'
import type { KubernetesObject, StatusCause } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { type StatusError, statusError } from '../status-error.ts'
import { utf8Length } from '../utf8-length.ts'
import { compare, toFieldSet } from './compare.ts'
import {
  difference,
  type FieldSet,
  intersection,
  isEmpty,
  isSubset,
  paths,
  pathToString,
  recursiveDifference,
  union,
} from './field-set.ts'
import { decodeManagers, identity, type ManagedSet, type Managers } from './managers.ts'
import { mergeMaps, removeItems, withNamedFields } from './merge.ts'
import { type Fields, isMap, TypedError } from './typed.ts'
import { typedComplaint } from './typed-errors.ts'
import {
  Difference,
  type FieldManagement,
  managersAfter,
  ownable,
  takeFromOthers,
  withManagers,
  withoutManagedFields,
} from './update.ts'
import { VersionedObject } from './versions.ts'

export interface Application extends FieldManagement {
  /** Take over what others own instead of failing with a conflict. */
  readonly force: boolean
}

/** Upstream's limit of all annotations together. */
const maxAnnotationBytes = 256 * 1024
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** Another manager's fields that an application would change. */
interface Conflict {
  readonly owner: ManagedSet
  readonly set: FieldSet
}

/**
 * Server-side apply: the object that results from `applied` being its writer's whole will for `live` (absent:
 * a create), with metadata.managedFields. Throws a Conflict with upstream's message and causes, and TypedError
 * for what does not fit its type. KEP-555.
 */
export function applyServerSide(
  live: KubernetesObject | undefined,
  applied: KubernetesObject,
  application: Application,
): KubernetesObject {
  const { schema } = application
  const current = live ?? application.empty
  const complaint = typedComplaint(applied as Fields, schema)
  if (complaint !== undefined) throw new TypedError(complaint)
  const managers = managersOf(live, application)
  const before = withoutManagedFields(current)
  const config = withoutManagedFields(applied)
  const entry = {
    manager: application.manager,
    operation: 'Apply',
    apiVersion: application.apiVersion,
    subresource: application.subresource,
  } as const
  const writer = identity(entry)
  const last = managers.get(writer)
  const claimed = reduced(toFieldSet(config, schema), application)
  const claiming = new Map(managers).set(writer, { ...entry, time: application.time, set: claimed })
  const after = prune(mergeMaps(before, config, schema), claiming, last, application)
  const changes = new Difference(before, after, application)
  const conflicts = conflictsOf(claiming, writer, changes)
  if (conflicts.length > 0 && !application.force) refuse(conflicts, current, application)
  const owners = takeFromOthers(claiming, writer, changes)
  const own = ownable(claimed, application)
  // What changes nothing does not renew its writer's time, whatever it claims now.
  const time = jsonEqual(before, after) ? last?.time : application.time
  if (isEmpty(own)) owners.delete(writer)
  else owners.set(writer, { ...entry, time, set: own })
  return withManagers(updateLastApplied(after as KubernetesObject, applied, application), owners)
}

/** An object that was made before anybody managed its fields belongs to one manager of that name. */
function managersOf(live: KubernetesObject | undefined, application: Application): Map<string, ManagedSet> {
  const managers = decodeManagers(live?.metadata?.managedFields, true) ?? new Map<string, ManagedSet>()
  if (managers.size > 0 || live === undefined) return managers
  return managersAfter(undefined, live, managers, { ...application, manager: 'before-first-apply' })
}

const reduced = (set: FieldSet, { reset }: FieldManagement): FieldSet =>
  reset === undefined ? set : recursiveDifference(set, reset)

/** Removes what the writer applied last time and does not any more, unless somebody else owns it. */
function prune(
  merged: Fields,
  managers: Managers,
  last: ManagedSet | undefined,
  { versions, apiVersion, schema }: Application,
): Fields {
  if (last === undefined || isEmpty(last.set)) return merged
  // Most apply again what they have applied: what they still claim stays.
  const claimed = managers.get(identity(last))
  if (claimed?.apiVersion === last.apiVersion && isSubset(last.set, claimed.set)) return merged
  const typeIn = (version: string): Schema | undefined =>
    version === apiVersion ? schema : versions.schemaOf(version)
  const type = typeIn(last.apiVersion)
  if (type === undefined) return merged
  const whole = new VersionedObject(versions, apiVersion, merged)
  const lastSet = withNamedFields(last.set, type)
  let stripped = removeItems(whole.in(last.apiVersion), lastSet, type)
  for (const [version, owned] of ownedByVersion(managers, last.apiVersion)) {
    const versionType = typeIn(version)
    if (versionType === undefined) continue
    const now = version === last.apiVersion ? stripped : versions.convert(stripped, last.apiVersion, version)
    const kept = withOwned(whole.in(version), now, owned, versionType)
    stripped = version === last.apiVersion ? kept : versions.convert(kept, version, last.apiVersion)
  }
  const named = (object: Fields): FieldSet => withNamedFields(toFieldSet(object, type), type)
  const all = whole.in(last.apiVersion)
  const gone = intersection(difference(named(all), named(stripped)), lastSet)
  const pruned = removeItems(all, gone, type)
  return last.apiVersion === apiVersion ? pruned : versions.convert(pruned, last.apiVersion, apiVersion)
}

/** All that managers own, by version, `first` first. */
function ownedByVersion(managers: Managers, first: string): ReadonlyMap<string, FieldSet> {
  const owned = new Map<string, FieldSet>([[first, undefined]])
  for (const { apiVersion, set } of managers.values())
    owned.set(apiVersion, union(owned.get(apiVersion), set))
  return owned
}

/** `whole` without what was stripped from it, but for what `owned` says. */
function withOwned(whole: Fields, stripped: Fields, owned: FieldSet, schema: Schema): Fields {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, schema)
  const kept = union(named(toFieldSet(stripped, schema)), named(owned))
  return removeItems(whole, difference(named(toFieldSet(whole, schema)), kept), schema)
}

function conflictsOf(managers: Managers, writer: string, changes: Difference): readonly Conflict[] {
  const conflicts: Conflict[] = []
  for (const [key, owner] of managers) {
    if (key === writer) continue
    const changed = changes.in(owner.apiVersion)
    const set = intersection(owner.set, union(changed?.added, changed?.modified))
    if (!isEmpty(set)) conflicts.push({ owner, set })
  }
  return conflicts
}

/** kubectl may take over, without force, what its own client-side apply has set. */
function refuse(conflicts: readonly Conflict[], live: KubernetesObject, application: Application): void {
  const allowed = application.manager === 'kubectl' ? unchangedSinceLastApplied(live, application) : undefined
  const left = conflicts
    .map(({ owner, set }) => ({ owner, set: difference(set, allowed) }))
    .filter(({ set }) => !isEmpty(set))
  if (left.length > 0) throw conflictError(left)
}

function unchangedSinceLastApplied(live: KubernetesObject, { schema, apiVersion }: Application): FieldSet {
  const text = live.metadata?.annotations?.[lastAppliedAnnotation]
  if (text === undefined || text === '') return undefined
  const last = parseObject(text)
  if (last === undefined || last.apiVersion !== apiVersion) return undefined
  const { added, removed, modified } = compare(last as Fields, withoutManagedFields(live), schema)
  return difference(toFieldSet(last as Fields, schema), union(union(added, removed), modified))
}

function parseObject(text: string): KubernetesObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined // an annotation that somebody wrote by hand excuses nothing
  }
}

function printOwner(owner: ManagedSet): string {
  const name =
    JSON.stringify(owner.manager) +
    (owner.subresource === '' ? '' : ` with subresource ${JSON.stringify(owner.subresource)}`)
  if (owner.operation === 'Apply') return name
  return `${name} using ${owner.apiVersion}`
}

/** Upstream sorts managers by their identifiers, which are JSON. */
function orderOf({ manager, operation, apiVersion, subresource }: ManagedSet): string {
  return JSON.stringify({
    manager,
    operation,
    ...(operation === 'Apply' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  })
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const groups = conflicts
    .map(({ owner, set }) => ({
      order: orderOf(owner),
      owner: printOwner(owner),
      fields: [...paths(set)].map(pathToString),
    }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
  const causes: StatusCause[] = groups.flatMap(({ owner, fields }) =>
    fields.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
  )
  const [first] = groups
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: conflict with ${first?.owner}: ${first?.fields[0]}`
      : `Apply failed with ${causes.length} conflicts: ${groups
          .flatMap(({ owner, fields }) => [
            `conflicts with ${owner}:`,
            ...fields.map((field) => `- ${field}`),
          ])
          .join('\n')}`
  return statusError('Conflict', message, { causes })
}

/** Members sorted, as Go marshals maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}

/** What kubectl's client-side apply would have written. */
function lastAppliedText(applied: KubernetesObject): string {
  const { annotations, ...metadata } = applied.metadata ?? {}
  const { [lastAppliedAnnotation]: _own, ...others } = annotations ?? {}
  const kept = Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others }
  return `${goJson(sorted({ ...applied, metadata: kept }))}\n`
}

/** Objects that are still also applied by clients keep the annotation in step, as long as there is room for it. */
function updateLastApplied(
  after: KubernetesObject,
  applied: KubernetesObject,
  { manager }: Application,
): KubernetesObject {
  const annotations = after.metadata?.annotations
  if (manager !== 'kubectl' || annotations === undefined || !annotations[lastAppliedAnnotation]) return after
  const { [lastAppliedAnnotation]: _old, ...others } = annotations
  const updated = { ...others, [lastAppliedAnnotation]: lastAppliedText(applied) }
  const size = Object.entries(updated).reduce(
    (sum, [key, value]) => sum + utf8Length(key) + utf8Length(value),
    0,
  )
  return {
    ...after,
    metadata: { ...after.metadata, annotations: size > maxAnnotationBytes ? others : updated },
  }
}
