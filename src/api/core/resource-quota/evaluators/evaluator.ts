import type { core } from '../../../generated/types/index.ts'
import type { QuotaAmounts } from '../quota-amounts.ts'

export type ScopeRequirement = core.v1.ScopedResourceSelectorRequirement

/** A write that may use up a quota. */
export interface QuotaWrite<T> {
  readonly operation: string
  readonly subresource: string
  readonly object: T
  readonly old: T | undefined
}

/** How objects of one resource count against quotas (upstream's quota.Evaluator). Pure. */
export interface QuotaEvaluator<T> {
  /** Whether it counts what a quota limits under this name. */
  counts(name: string): boolean
  /** Cheap and constant: whether such writes can use anything up at all. */
  mayHandle(operation: string, subresource: string): boolean
  /** Asked where `mayHandle` says so: whether this write can. */
  handles?(write: QuotaWrite<T>): boolean
  usage(object: T, nowMs: number): QuotaAmounts
  /** Absent: a quota with scopes counts none of these objects. */
  matchesScope?(requirement: ScopeRequirement, object: T): boolean
  /** Why the object may not be counted by a quota with these names. */
  problem?(names: readonly string[], object: T): string | undefined
  /** Whether a change may have set something free; a deletion always has. */
  frees?(object: T, old: T): boolean
}

/** `count/deployments.apps`: the name under which every resource is counted. */
export const countName = (group: string, resource: string): string =>
  group === '' ? `count/${resource}` : `count/${resource}.${group}`

/** What narrows a quota to some objects. */
export function scopesOf({ spec }: core.v1.ResourceQuota): readonly ScopeRequirement[] {
  const { scopes = [], scopeSelector } = spec ?? {}
  const plain = scopes.map((scopeName) => ({ scopeName, operator: 'Exists' }))
  return [...plain, ...(scopeSelector?.matchExpressions ?? [])]
}

/** Whether a value of a scope (undefined: there is none) is one that the requirement asks for. */
export function meets({ operator, values = [] }: ScopeRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

/** Whether the quota counts this object: it limits something that objects of its resource use, and all scopes match. */
export function counted<T>(evaluator: QuotaEvaluator<T>, quota: core.v1.ResourceQuota, object: T): boolean {
  return (
    Object.keys(quota.status?.hard ?? {}).some((name) => evaluator.counts(name)) &&
    scopesOf(quota).every((scope) => evaluator.matchesScope?.(scope, object) ?? false)
  )
}
