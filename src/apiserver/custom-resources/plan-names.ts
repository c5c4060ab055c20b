import {
  conditionOf,
  type Definition,
  type DefinitionNames,
  type NewCondition,
  withCondition,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { TakenNames } from './name-registry.ts'

type Names = { -readonly [K in keyof DefinitionNames]?: DefinitionNames[K] }

/** Undefined: the name may be had. */
const conflict = (wanted: string, own: string, taken: ReadonlySet<string>): string | undefined =>
  wanted === own || !taken.has(wanted) ? undefined : `${JSON.stringify(wanted)} is already in use`

/** Several errors as Go joins them; the same one counts once. */
const aggregate = (errors: readonly string[]): string => {
  const different = [...new Set(errors)]
  return different.length === 1 ? (different[0] ?? '') : `[${different.join(', ')}]`
}

interface Granted {
  readonly names: Names
  readonly refusal: { readonly reason: string; readonly message: string } | undefined
}

/** Grants what is free; what is not stays as it was. */
function grant(wanted: DefinitionNames, own: Names, taken: TakenNames): Granted {
  const names: Names = { ...own }
  let refusal: Granted['refusal']
  const take = (field: 'plural' | 'singular' | 'kind' | 'listKind', used: ReadonlySet<string>): void => {
    const message = conflict(wanted[field] ?? '', own[field] ?? '', used)
    const reason = `${field.charAt(0).toUpperCase()}${field.slice(1)}Conflict`
    if (message !== undefined) refusal = { reason, message }
    else if (wanted[field] !== undefined) names[field] = wanted[field]
  }
  take('plural', taken.resources)
  take('singular', taken.resources)
  const { shortNames = [] } = wanted
  const errors = shortNames
    .filter((name) => !(own.shortNames ?? []).includes(name))
    .map((name) => conflict(name, '', taken.resources))
    .filter((error) => error !== undefined)
  if (errors.length > 0) refusal = { reason: 'ShortNamesConflict', message: aggregate(errors) }
  else if (wanted.shortNames === undefined) delete names.shortNames
  else names.shortNames = wanted.shortNames
  take('kind', taken.kinds)
  take('listKind', taken.kinds)
  if (wanted.categories === undefined) delete names.categories
  else names.categories = wanted.categories
  return { names, refusal }
}

function establishedAfter(definition: Definition, accepted: boolean): NewCondition | undefined {
  const old = conditionOf(definition, 'Established')
  const condition = { type: 'Established', status: 'False' } as const
  if (old?.status === 'True') return undefined
  if (accepted) return { ...condition, reason: 'Installing', message: 'the initial names have been accepted' }
  return old === undefined
    ? { ...condition, reason: 'NotAccepted', message: 'not all names are accepted' }
    : undefined
}

/** Upstream's naming controller: the definition with its accepted names and conditions; undefined when nothing changes. */
export function planNames(definition: Definition, taken: TakenNames, nowMs: number): Definition | undefined {
  const own = definition.status?.acceptedNames ?? {}
  if (jsonEqual(definition.spec.names, own)) return undefined
  const { names, refusal } = grant(definition.spec.names, own, taken)
  const condition: NewCondition =
    refusal === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...refusal }
  const old = conditionOf(definition, 'NamesAccepted')
  const isSame =
    old?.status === condition.status && old.reason === condition.reason && old.message === condition.message
  if (isSame && jsonEqual(own, names)) return undefined
  const { plural = '', kind = '' } = names
  const granted: Definition = {
    ...definition,
    status: { ...definition.status, acceptedNames: { ...names, plural, kind } },
  }
  const named = withCondition(granted, condition, nowMs)
  const established = establishedAfter(definition, refusal === undefined)
  return established === undefined ? named : withCondition(named, established, nowMs)
}
