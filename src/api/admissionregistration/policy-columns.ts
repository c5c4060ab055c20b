import { goSelector } from '../../apimachinery/selectors/label-selector.ts'
import type { admissionregistration } from '../generated/types/index.ts'

export const formatParamKind = (kind: admissionregistration.v1.ParamKind | undefined): string =>
  kind === undefined ? '<unset>' : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`

/** Which parameters a binding names; whether they are in a namespace cannot be told from here. */
export function formatParamRef(reference: admissionregistration.v1.ParamRef | undefined): string {
  const { name = '', namespace = '', selector } = reference ?? {}
  if (name !== '') return `${namespace === '' ? '*' : namespace}/${name}`
  return selector === undefined ? '<unset>' : goSelector(selector)
}
