import { goQuote } from '../go-text.ts'
import type { ManagedFieldsEntry } from '../meta.ts'
import { type FieldSet, inOrder, isEmpty, isFieldSet, leaf, union } from './field-set.ts'

/** One manager's fields. Applied sets belong to a manager whatever the version, updates to one version. */
export interface ManagedSet {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string | undefined
  readonly set: FieldSet
}

/** By identity. */
export type Managers = ReadonlyMap<string, ManagedSet>

/** Upstream keeps at most this many updaters apart; the oldest are joined under one name. */
const maxUpdateManagers = 10
const ancientChanges = 'ancient-changes'

export function identity(entry: Omit<ManagedSet, 'set' | 'time'>): string {
  const version = entry.operation === 'Apply' ? '' : entry.apiVersion
  return JSON.stringify([entry.manager, entry.operation, version, entry.subresource])
}

/**
 * The managers of an object; undefined when an entry is not one that can be read. `trusted` entries come from the
 * store, where nothing but readable ones gets.
 */
export function decodeManagers(
  entries: readonly ManagedFieldsEntry[] | undefined,
  trusted: boolean,
): Map<string, ManagedSet> | undefined {
  if (!trusted && managersComplaint(entries) !== undefined) return undefined
  const managers = new Map<string, ManagedSet>()
  for (const entry of entries ?? []) {
    const { operation, apiVersion } = entry
    if (operation !== 'Apply' && operation !== 'Update') return undefined
    if (apiVersion === undefined) return undefined
    const managed: ManagedSet = {
      manager: entry.manager ?? '',
      operation,
      apiVersion,
      subresource: entry.subresource ?? '',
      time: entry.time,
      set: entry.fieldsV1,
    }
    managers.set(identity(managed), managed)
  }
  return managers
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

function compareManagers(left: ManagedSet, right: ManagedSet): number {
  return (
    compareText(left.operation, right.operation) ||
    compareText(left.time ?? '', right.time ?? '') ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  )
}

/** The entries as the API shows them, in upstream's order; managers that own nothing are left out. */
export function encodeManagers(managers: Managers): readonly ManagedFieldsEntry[] {
  const owners = [...managers.values()].filter((managed) => !isEmpty(managed.set))
  if (owners.length > 1) owners.sort(compareManagers)
  return owners.map((managed) => ({
    manager: managed.manager,
    operation: managed.operation,
    apiVersion: managed.apiVersion,
    ...(managed.time === undefined ? {} : { time: managed.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: inOrder(managed.set ?? leaf),
    ...(managed.subresource === '' ? {} : { subresource: managed.subresource }),
  }))
}

/** Joins the oldest updaters of a version when there are too many. */
export function capUpdaters(managers: Managers): Managers {
  const updaters = [...managers].filter(([, managed]) => managed.operation === 'Update')
  let count = updaters.length
  if (count <= maxUpdateManagers) return managers
  updaters.sort(
    ([, a], [, b]) => compareText(a.time ?? '', b.time ?? '') || compareText(a.manager, b.manager),
  )
  const capped = new Map(managers)
  const first = new Map<string, string>()
  for (const [key, managed] of updaters) {
    if (count <= maxUpdateManagers) break
    const oldest = first.get(managed.apiVersion)
    if (oldest === undefined) {
      first.set(managed.apiVersion, key)
      continue
    }
    const bucket = {
      manager: ancientChanges,
      operation: 'Update',
      apiVersion: managed.apiVersion,
      subresource: '',
    } as const
    const into = identity(bucket)
    const present = capped.get(into) ?? capped.get(oldest)
    capped.delete(oldest)
    capped.delete(key)
    capped.set(into, { ...bucket, time: managed.time, set: union(present?.set, managed.set) })
    count--
  }
  return capped
}

/** What is wrong with managed fields that somebody else has written, in upstream's words; undefined: nothing. */
export function managersComplaint(entries: readonly ManagedFieldsEntry[] | undefined): string | undefined {
  for (const [index, { operation, apiVersion = '', fieldsType = '', fieldsV1 }] of (
    entries ?? []
  ).entries()) {
    if (operation !== 'Apply' && operation !== 'Update') return 'operation must be `Apply` or `Update`'
    if (apiVersion === '') return 'apiVersion must not be empty'
    if (fieldsType === '') return `missing fieldsType in managed fields entry ${index}`
    if (fieldsType !== 'FieldsV1')
      return `invalid fieldsType ${goQuote(fieldsType)} in managed fields entry ${index}`
    if (fieldsV1 !== undefined && !isFieldSet(fieldsV1))
      return `error decoding versioned set of entry ${index}`
  }
  return undefined
}
