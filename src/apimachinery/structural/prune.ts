import { isList, isObject } from './json-schema.ts'
import type { StructuralSchema } from './structural-schema.ts'

const metaFields = ['apiVersion', 'kind', 'metadata']

/** Told the path of each field that goes: `spec.list[0].foo`. */
export type OnUnknown = (path: string) => void

interface Walk {
  readonly onUnknown: OnUnknown | undefined
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

function changedFields(
  value: Readonly<Record<string, unknown>>,
  change: (key: string, member: unknown) => { readonly keep: boolean; readonly member: unknown },
): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(value)) {
    const { keep, member } = change(key, value[key])
    if (keep && member === value[key]) continue
    copy ??= { ...value }
    if (keep) copy[key] = member
    else delete copy[key]
  }
  return copy ?? value
}

export function changedItems(
  value: readonly unknown[],
  change: (item: unknown, index: number) => unknown,
): readonly unknown[] {
  let copy: unknown[] | undefined
  value.forEach((item, index) => {
    const changed = change(item, index)
    if (changed === item) return
    copy ??= value.slice()
    copy[index] = changed
  })
  return copy ?? value
}

const kept = (member: unknown) => ({ keep: true, member })
const dropped = { keep: false, member: undefined }

/** Where unknown fields stay: only what is declared below is looked into. */
function skip(value: unknown, schema: StructuralSchema, path: string, walk: Walk): unknown {
  if (isObject(value)) {
    return changedFields(value, (key, member) => {
      if (schema.embedded && metaFields.includes(key)) return kept(member)
      const declared = schema.properties.get(key)
      const additional = schema.additional
      if (declared !== undefined) return kept(prune(member, declared, below(path, key), walk))
      if (additional === undefined) return kept(member)
      return kept(prune(member, additional.schema, below(path, key), walk))
    })
  }
  const { items } = schema
  if (!isList(value) || items === undefined) return value
  return changedItems(value, (item, index) => skip(item, items, `${path}[${index}]`, walk))
}

function prune(value: unknown, schema: StructuralSchema | undefined, path: string, walk: Walk): unknown {
  if (schema?.preserves === true) return skip(value, schema, path, walk)
  if (isObject(value)) {
    return changedFields(value, (key, member) => {
      if (schema?.embedded === true && metaFields.includes(key)) return kept(member)
      const declared = schema?.properties.get(key)
      if (declared !== undefined) return kept(prune(member, declared, below(path, key), walk))
      const additional = schema?.additional
      if (additional !== undefined) return kept(prune(member, additional.schema, below(path, key), walk))
      if (path !== '' || !metaFields.includes(key)) walk.onUnknown?.(below(path, key))
      return dropped
    })
  }
  if (!isList(value)) return value
  return changedItems(value, (item, index) => prune(item, schema?.items, `${path}[${index}]`, walk))
}

/** Drops what the schema does not name; shares what stays. */
export const pruneUnknown = (value: unknown, schema: StructuralSchema, onUnknown?: OnUnknown): unknown =>
  prune(value, schema, '', { onUnknown })

/** Drops nulls of fields that may be neither null nor defaulted. */
export function pruneNulls(value: unknown, schema: StructuralSchema | undefined): unknown {
  if (isObject(value)) {
    return changedFields(value, (key, member) => {
      const declared = schema?.field(key)
      const goes = member === null && declared !== undefined && !declared.nullable && !declared.hasDefault
      return goes ? dropped : kept(pruneNulls(member, declared))
    })
  }
  if (!isList(value)) return value
  return changedItems(value, (item) => pruneNulls(item, schema?.items))
}
