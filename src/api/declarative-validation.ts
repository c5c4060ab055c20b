import type { Features } from '../apimachinery/feature-gates.ts'
import type { FieldError } from '../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  immutableMessage,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../apimachinery/field-errors.ts'
import type { FieldPath } from '../apimachinery/field-path.ts'
import { semanticallyEqual } from '../apimachinery/semantically-equal.ts'
import { utf8Length } from '../apimachinery/utf8-length.ts'

/** What one field must be, as upstream's `+k8s:` tags say it (KEP-5073). */
export interface FieldRule {
  /** The field is forbidden, and its rules do not count, while this gate is off. */
  readonly gate?: string
  readonly required?: true
  readonly immutable?: true
  /** What is wrong with a text; `shown` stands for it where the message names a part of it. */
  readonly format?: (
    value: string,
  ) => readonly (string | { readonly shown: string; readonly complaint: string })[]
  /** A pointer in Go: an empty text is one that was given. */
  readonly isPointer?: true
  readonly values?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly maxBytes?: number
  readonly maxItems?: number
  /** Exactly one of these members. */
  readonly union?: readonly string[]
  readonly fields?: Readonly<Record<string, FieldRule>>
  readonly items?: FieldRule
  /** What tells items apart, which are then compared with those before under the same key. */
  readonly key?: string
}

interface Run {
  readonly features: Features
  readonly isUpdate: boolean
  readonly errors: FieldError[]
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isAbsent = (value: unknown): boolean =>
  value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

function checkUnion(
  value: Fields,
  old: unknown,
  members: readonly string[],
  path: FieldPath,
  run: Run,
): void {
  const isSet = (fields: unknown, name: string): boolean => isFields(fields) && fields[name] !== undefined
  const specified = members.filter((name) => isSet(value, name))
  const unchanged = members.every((name) => isSet(value, name) === isSet(old, name))
  if (run.isUpdate && old !== undefined && unchanged) return
  const all = members.map((name) => `\`${name}\``).join(', ')
  if (specified.length > 1) {
    const shown = `{${specified.join(', ')}}`
    run.errors.push(invalidValue(path, shown, `must specify exactly one of: ${all}`))
  }
  if (specified.length === 0) run.errors.push(invalidValue(path, '', `must specify one of: ${all}`))
}

function checkScalar(value: unknown, rule: FieldRule, path: FieldPath, { errors }: Run): void {
  if (typeof value === 'string') {
    if (rule.maxBytes !== undefined && utf8Length(value) > rule.maxBytes)
      errors.push(tooLong(path, rule.maxBytes))
    for (const wrong of rule.format?.(value) ?? []) {
      const { shown, complaint } = typeof wrong === 'string' ? { shown: value, complaint: wrong } : wrong
      errors.push(invalidValue(path, shown, complaint))
    }
    if (rule.values !== undefined && !rule.values.includes(value))
      errors.push(notSupported(path, value, rule.values))
  }
  if (typeof value !== 'number') return
  if (rule.minimum !== undefined && value < rule.minimum)
    errors.push(invalidValue(path, value, `must be greater than or equal to ${rule.minimum}`))
  if (rule.maximum !== undefined && value > rule.maximum)
    errors.push(invalidValue(path, value, `must be less than or equal to ${rule.maximum}`))
}

function checkItems(
  items: readonly unknown[],
  old: unknown,
  { items: itemRule, key }: FieldRule,
  path: FieldPath,
  run: Run,
): void {
  const keyOf = (item: unknown): unknown => (key !== undefined && isFields(item) ? item[key] : undefined)
  const before = new Map(
    key !== undefined && Array.isArray(old) ? old.map((item) => [keyOf(item), item]) : [],
  )
  const seen = new Set<unknown>()
  if (key !== undefined)
    items.forEach((item, index) => {
      const name = keyOf(item)
      if (seen.has(name)) run.errors.push(duplicate(path.index(index), item))
      seen.add(name)
    })
  if (itemRule === undefined) return
  items.forEach((item, index) => {
    checkField(item, before.get(keyOf(item)), itemRule, path.index(index), run)
  })
}

function checkField(value: unknown, old: unknown, rule: FieldRule, path: FieldPath, run: Run): void {
  const { errors } = run
  if (run.isUpdate && old !== undefined && semanticallyEqual(value, old)) return
  if (rule.gate !== undefined && !run.features.enabled(rule.gate)) {
    if (!isAbsent(value)) errors.push(fieldForbidden(path, ''))
    return
  }
  if (rule.immutable === true && run.isUpdate && !semanticallyEqual(value, old)) {
    errors.push(invalidValue(path, null, immutableMessage))
    return
  }
  const isGiven = rule.isPointer === true && value === ''
  if ((isAbsent(value) && !isGiven) || (rule.required === true && value === 0 && rule.minimum === 1)) {
    if (rule.required === true) errors.push(required(path))
    return
  }
  if (Array.isArray(value)) {
    if (rule.maxItems !== undefined && value.length > rule.maxItems)
      errors.push(tooMany(path, value.length, rule.maxItems))
    else checkItems(value, old, rule, path, run)
    return
  }
  if (!isFields(value)) {
    checkScalar(value, rule, path, run)
    return
  }
  if (rule.union !== undefined) checkUnion(value, old, rule.union, path, run)
  const before = isFields(old) ? old : {}
  for (const [name, field] of Object.entries(rule.fields ?? {}))
    checkField(value[name], before[name], field, path.child(name), run)
}

/** Appends what is wrong with a value; what an update leaves as it was is not looked at. */
export function validateDeclaratively(
  value: unknown,
  old: unknown,
  rule: FieldRule,
  path: FieldPath,
  { features, isUpdate }: { readonly features: Features; readonly isUpdate: boolean },
  errors: FieldError[],
): void {
  checkField(value ?? {}, isUpdate ? (old ?? {}) : undefined, rule, path, { features, isUpdate, errors })
}
