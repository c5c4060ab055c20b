import type { core } from '../../../api/generated/types/index.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { isRecord } from '../../../base/is-record.ts'
import { ownConditions, sharedConditions } from './pod-conditions.ts'

type PodStatus = core.v1.PodStatus

const atomicFields = [
  'observedGeneration',
  'phase',
  'reason',
  'message',
  'hostIP',
  'podIP',
  'startTime',
  'qosClass',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const satisfies readonly (keyof PodStatus)[]

/** Maps of maps. */
const resourceFields = ['resources', 'allocatedResources'] as const satisfies readonly (keyof PodStatus)[]

/** Lists that a strategic merge would merge by address. */
const addressFields = ['hostIPs', 'podIPs'] as const satisfies readonly (keyof PodStatus)[]

/** The strategic merge patch of `status` that makes `base` into `next`; undefined where nothing differs. Conditions of others are left alone. */
export function statusPatch(base: PodStatus, next: PodStatus): Readonly<Record<string, unknown>> | undefined {
  const patch: Record<string, unknown> = {}
  for (const field of atomicFields) {
    if (!alike(base[field], next[field])) patch[field] = next[field] ?? null
  }
  for (const field of resourceFields) {
    if (!jsonEqual(base[field], next[field])) patch[field] = mapPatch(base[field], next[field])
  }
  for (const field of addressFields) {
    if (jsonEqual(base[field] ?? [], next[field] ?? [])) continue
    const replace = (base[field] ?? []).length > 0 ? [{ $patch: 'replace' }] : []
    patch[field] = [...replace, ...(next[field] ?? [])]
  }
  Object.assign(patch, conditionsPatch(base, next))
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** The API shows times that are not known as null: `startedAt` of a container that nobody has seen end. */
const alike = (a: unknown, b: unknown): boolean =>
  jsonEqual(a, b) || jsonEqual(withoutNulls(a), withoutNulls(b))

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isRecord(value)) return value
  const known = Object.entries(value).filter(([, entry]) => entry !== null)
  return Object.fromEntries(known.map(([key, entry]) => [key, withoutNulls(entry)]))
}

function conditionsPatch(base: PodStatus, next: PodStatus): Readonly<Record<string, unknown>> {
  const before = new Map((base.conditions ?? []).map((condition) => [condition.type, condition]))
  const mine = (next.conditions ?? []).filter(
    ({ type }) => ownConditions.has(type) || sharedConditions.has(type),
  )
  const changed: unknown[] = mine
    .filter((condition) => !same(condition, before.get(condition.type)))
    .map((condition) => withRemovals(condition, before.get(condition.type)))
  const kept = new Set(mine.map(({ type }) => type))
  const gone = [...before.keys()].filter((type) => ownConditions.has(type) && !kept.has(type))
  if (changed.length + gone.length === 0) return {}
  const foreign = [...before.keys()].filter((type) => !ownConditions.has(type) && !kept.has(type))
  return {
    conditions: [...changed, ...gone.map((type) => ({ type, $patch: 'delete' }))],
    '$setElementOrder/conditions': [...foreign, ...kept].map((type) => ({ type })),
  }
}

function mapPatch(base: unknown, next: unknown): unknown {
  if (!isRecord(base) || !isRecord(next)) return next ?? null
  const names = new Set([...Object.keys(base), ...Object.keys(next)])
  const changed = [...names].filter((name) => !jsonEqual(base[name], next[name]))
  return Object.fromEntries(changed.map((name) => [name, mapPatch(base[name], next[name])]))
}

/** A merge keeps what is not named: what is said no more is taken back. */
function withRemovals(next: core.v1.PodCondition, before: core.v1.PodCondition | undefined): object {
  const gone = (['reason', 'message'] as const).filter(
    (field) => next[field] === undefined && before?.[field] !== undefined,
  )
  return { ...next, ...Object.fromEntries(gone.map((field) => [field, null])) }
}

/** The server may show times that nobody set as null. */
function same(next: core.v1.PodCondition, before: core.v1.PodCondition | undefined): boolean {
  if (before === undefined) return false
  const fields = ['status', 'reason', 'message', 'lastTransitionTime', 'observedGeneration'] as const
  return fields.every((field) => next[field] === before[field])
}
