import type { KindDeclaration } from '../define-kind.ts'
import { goQuote } from '../go-text.ts'
import type { KubernetesObject } from '../meta.ts'

/** What is wrong with selecting objects of a kind by `field`, in upstream's words; undefined if nothing is. */
export function fieldLabelComplaint<T extends KubernetesObject>(
  kind: Pick<KindDeclaration<T>, 'selectableFields' | 'unselectable'>,
  field: string,
): string | undefined {
  if (field === 'metadata.name' || field === 'metadata.namespace') return undefined
  if (Object.hasOwn(kind.selectableFields, field)) return undefined
  if (kind.unselectable !== undefined) return kind.unselectable(field)
  return Object.keys(kind.selectableFields).length > 0
    ? `field label not supported: ${field}`
    : `${goQuote(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
}
