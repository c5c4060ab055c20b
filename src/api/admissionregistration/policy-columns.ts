import type { LabelSelector } from '../../apimachinery/meta.ts'
import type { admissionregistration } from '../generated/types/index.ts'

export const formatParamKind = (kind: admissionregistration.v1.ParamKind | undefined): string =>
  kind === undefined ? '<unset>' : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`

/** Go's text of a label selector, as upstream's printers show it. */
function goSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`)
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],}`,
  )
  const list = expressions.map((expression) => `${expression},`).join('')
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${list}},}`
}

/** Which parameters a binding names; whether they are in a namespace cannot be told from here. */
export function formatParamRef(reference: admissionregistration.v1.ParamRef | undefined): string {
  const { name = '', namespace = '', selector } = reference ?? {}
  if (name !== '') return `${namespace === '' ? '*' : namespace}/${name}`
  return selector === undefined ? '<unset>' : goSelector(selector)
}
