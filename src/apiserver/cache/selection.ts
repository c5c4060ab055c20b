import { everyField, type FieldMatcher } from '../../apimachinery/selectors/field-selector.ts'
import { everyLabel, type LabelMatcher } from '../../apimachinery/selectors/label-selector.ts'

/** Which objects of a resource somebody wants. */
export interface Selection {
  /** '' for all. */
  readonly namespace: string
  readonly labels: LabelMatcher
  readonly fields: FieldMatcher
}

export const everything: Selection = { namespace: '', labels: everyLabel, fields: everyField }

/** The same text for the same objects. */
export function selectionKey(selection: Selection): string {
  const { namespace, labels, fields } = selection
  if (labels.empty && fields.empty) return namespace
  return `${namespace}\n${labels.requirements === undefined ? '!' : labels.toString()}\n${fields.toString()}`
}

/** The namespace that the selection is limited to, by the request or by its field selector; '' for none. */
export function namespaceOf(selection: Selection): string {
  return selection.namespace !== ''
    ? selection.namespace
    : (selection.fields.exactValue('metadata.namespace') ?? '')
}
