import type { GroupVersionKind } from '../define-kind.ts'
import type { QueryName } from './query-parameters.ts'

/** One method of one path, before either version of OpenAPI words it. */
export interface Operation {
  /** Lower case. */
  readonly method: string
  /** `x-kubernetes-action`; absent for discovery. */
  readonly action?: string
  readonly kind?: GroupVersionKind
  readonly operationId: string
  readonly description: string
  readonly query: readonly QueryName[]
  readonly body?: { readonly type: string; readonly required: boolean }
  /** Status code → type of the answer; '' for text. */
  readonly answers: Readonly<Record<string, string>>
  /** Media types. */
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
}

export interface PathParameter {
  readonly name: 'name' | 'namespace' | 'path'
  readonly description: string
}

export interface PathEntry {
  readonly path: string
  /** `apps_v1`. */
  readonly tag: string
  readonly parameters: readonly PathParameter[]
  /** What all operations take; theirs lack it. */
  readonly query: readonly QueryName[]
  readonly operations: readonly Operation[]
}

/** As upstream writes them: what all operations of a path take is said once, for the path. */
export function pathEntry(entry: Omit<PathEntry, 'query'>): PathEntry {
  const [first, ...others] = entry.operations
  const query = (first?.query ?? []).filter((name) => others.every((other) => other.query.includes(name)))
  const operations = entry.operations.map((operation) => ({
    ...operation,
    query: operation.query.filter((name) => !query.includes(name)),
  }))
  return { ...entry, query, operations }
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

/** `Core`, `Apps`, `RbacAuthorization`: a group in operation ids. */
export const groupId = (group: string): string =>
  group === ''
    ? 'Core'
    : group
        .replace(/\.k8s\.io$/, '')
        .split('.')
        .map(capital)
        .join('')

/** `apps`, `rbacAuthorization_v1`. */
export const tagOf = (group: string, version?: string): string =>
  lower(groupId(group)) + (version === undefined ? '' : `_${version}`)
