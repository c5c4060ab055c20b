import type { SelectableField } from '../../../apimachinery/define-kind.ts'
import type { core } from '../../generated/types/index.ts'

export const referenceFields = [
  'kind',
  'namespace',
  'name',
  'uid',
  'apiVersion',
  'resourceVersion',
  'fieldPath',
] as const

/** Selectors by what an event is about; the versions of events call it differently. */
export function involvedFields<T>(
  field: string,
  involved: (event: T) => core.v1.ObjectReference | undefined,
): Readonly<Record<string, SelectableField<T>>> {
  return Object.fromEntries(
    referenceFields.map((name) => [`${field}.${name}`, (event: T) => involved(event)?.[name] ?? ''] as const),
  )
}
