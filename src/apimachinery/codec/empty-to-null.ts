import type { Schema } from '../schema.ts'
import { setMember } from './set-member.ts'

type Change = (value: unknown) => unknown

/**
 * What protobuf makes of values of a schema: a list or map that Go always shows is null where it is empty. The
 * function gives the same value where nothing changes; undefined: nothing in the schema is of that sort.
 */
export function emptyToNull(schema: Schema): Change | undefined {
  return changeOf(schema, new Set())
}

/** `above`: what this is part of. Of types that are parts of themselves one turn is looked at. */
function changeOf(schema: Schema, above: ReadonlySet<Schema>): Change | undefined {
  if (above.has(schema)) return undefined
  const within = new Set(above).add(schema)
  const { items, additionalProperties: values, properties } = schema
  if (items !== undefined) return eachOf(changeOf(items, within), changeList)
  if (typeof values === 'object') return eachOf(changeOf(values, within), changeMap)
  const changes = new Map<string, Change>()
  for (const [name, property] of Object.entries(properties ?? {})) {
    const inner = changeOf(property, within)
    const isList = property.items !== undefined
    const hides =
      property.presence === 'null' && (isList || typeof property.additionalProperties === 'object')
    if (hides) changes.set(name, (value) => (isEmpty(value) ? null : (inner?.(value) ?? value)))
    else if (inner !== undefined) changes.set(name, inner)
  }
  return changes.size === 0 ? undefined : (value) => changeMembers(value, changes)
}

const eachOf = (
  change: Change | undefined,
  each: (value: unknown, change: Change) => unknown,
): Change | undefined => (change === undefined ? undefined : (value) => each(value, change))

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const _key in value) return false
  return true
}

function changeList(value: unknown, change: Change): unknown {
  if (!Array.isArray(value)) return value
  let copy: unknown[] | undefined
  for (let index = 0; index < value.length; index++) {
    const changed = change(value[index])
    if (changed === value[index]) continue
    copy ??= value.slice()
    copy[index] = changed
  }
  return copy ?? value
}

type Members = Readonly<Record<string, unknown>>

function changeMap(value: unknown, change: Change): unknown {
  if (typeof value !== 'object' || value === null) return value
  const members = value as Members
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(members)) copy = changeMember(members, key, change, copy)
  return copy ?? value
}

function changeMembers(value: unknown, changes: ReadonlyMap<string, Change>): unknown {
  if (typeof value !== 'object' || value === null) return value
  const members = value as Members
  let copy: Record<string, unknown> | undefined
  for (const [key, change] of changes) copy = changeMember(members, key, change, copy)
  return copy ?? value
}

function changeMember(
  members: Members,
  key: string,
  change: Change,
  copy: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  const value = members[key]
  if (typeof value !== 'object' || value === null) return copy
  const changed = change(value)
  if (changed === value) return copy
  const target = copy ?? { ...members }
  setMember(target, key, changed)
  return target
}
