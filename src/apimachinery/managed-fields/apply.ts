import { jsonEqual } from '../json-equal.ts'
import type { KubernetesObject, StatusCause } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { type StatusError, statusError } from '../status-error.ts'
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
import type { Fields } from './typed.ts'
import {
  type FieldManagement,
  managersAfter,
  ownable,
  takeFromOthers,
  withManagers,
  withoutManagedFields,
} from './update.ts'

export interface Application extends FieldManagement {
  /** Take over what others own instead of failing with a conflict. */
  readonly force: boolean
}

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** Another manager's fields that an application would change. */
interface Conflict {
  readonly owner: ManagedSet
  readonly set: FieldSet
}

/**
 * Server-side apply: the object that results from `applied` being its writer's whole will for `live` (absent:
 * a create), with metadata.managedFields. Throws a Conflict with upstream's message and causes, and TypedError
 * for lists with broken keys. KEP-555.
 */
export function applyServerSide(
  live: KubernetesObject | undefined,
  applied: KubernetesObject,
  application: Application,
): KubernetesObject {
  const current: KubernetesObject = live ?? { ...header(applied), metadata: {} }
  let managers = decodeManagers(live?.metadata?.managedFields) ?? new Map<string, ManagedSet>()
  if (managers.size === 0 && live !== undefined) {
    managers = managersAfter(undefined, live, managers, {
      ...application,
      manager: 'before-first-apply',
      subresource: '',
    })
  }
  const { schema } = application
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
  const after = prune(mergeMaps(before, config, schema), claiming, last?.set, schema)
  const { added, removed, modified } = compare(before, after, schema)
  const changed = reduced(union(added, modified), application)
  const conflicts = conflictsOf(claiming, writer, changed)
  if (conflicts.length > 0 && !application.force) refuse(conflicts, current, application)
  const owners = takeFromOthers(claiming, writer, union(changed, reduced(removed, application)))
  const own = ownable(claimed, application)
  const same =
    last !== undefined &&
    last.apiVersion === entry.apiVersion &&
    isSubset(own, last.set) &&
    isSubset(last.set, own)
  const unchanged = same && jsonEqual(before, after)
  owners.set(writer, { ...entry, time: unchanged ? last.time : application.time, set: own })
  return withManagers(updateLastApplied(after as KubernetesObject, applied, application), owners)
}

function header(object: KubernetesObject): KubernetesObject {
  return {
    ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
    ...(object.kind === undefined ? {} : { kind: object.kind }),
  }
}

const reduced = (set: FieldSet, { reset }: FieldManagement): FieldSet =>
  reset === undefined ? set : recursiveDifference(set, reset)

/** Removes what the writer applied last time and does not any more, unless somebody else owns it. */
function prune(merged: Fields, managers: Managers, last: FieldSet, schema: Schema): Fields {
  if (isEmpty(last)) return merged
  const named = (set: FieldSet): FieldSet => withNamedFields(set, schema)
  const mergedSet = named(toFieldSet(merged, schema))
  let owned: FieldSet
  for (const managed of managers.values()) owned = union(owned, managed.set)
  const stripped = removeItems(merged, named(last), schema)
  const kept = union(named(toFieldSet(stripped, schema)), named(owned))
  const withOwned = removeItems(merged, difference(mergedSet, kept), schema)
  const gone = difference(mergedSet, named(toFieldSet(withOwned, schema)))
  return removeItems(merged, intersection(gone, named(last)), schema)
}

function conflictsOf(managers: Managers, writer: string, changed: FieldSet): readonly Conflict[] {
  const conflicts: Conflict[] = []
  for (const [key, owner] of managers) {
    if (key === writer) continue
    const set = intersection(owner.set, changed)
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
  return `${name} using ${owner.apiVersion}${owner.time === undefined ? '' : ` at ${owner.time}`}`
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const groups = conflicts
    .map(({ owner, set }) => ({ owner: printOwner(owner), fields: [...paths(set)].map(pathToString) }))
    .sort((a, b) => (a.owner < b.owner ? -1 : 1))
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

/** Objects that are still also applied by clients keep the annotation in step. */
function updateLastApplied(
  after: KubernetesObject,
  applied: KubernetesObject,
  { manager }: Application,
): KubernetesObject {
  const annotations = after.metadata?.annotations
  if (manager !== 'kubectl' || annotations === undefined || !annotations[lastAppliedAnnotation]) return after
  const { [lastAppliedAnnotation]: _own, ...others } = applied.metadata?.annotations ?? {}
  const text = `${JSON.stringify({ ...applied, metadata: { ...applied.metadata, annotations: others } })}\n`
  return {
    ...after,
    metadata: { ...after.metadata, annotations: { ...annotations, [lastAppliedAnnotation]: text } },
  }
}
