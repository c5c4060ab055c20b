import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { AdmissionOperation, AdmissionPlugin } from '../admission.ts'

export interface Match {
  readonly operations: readonly AdmissionOperation[]
  /** `pods` or `storageclasses.storage.k8s.io`. */
  readonly resources: readonly string[]
  /** Only the main resource where absent. */
  readonly subresources?: readonly string[]
}

/** A plugin's `handles` for what can be said by lists. */
export const matches =
  ({ operations, resources, subresources = [''] }: Match): AdmissionPlugin['handles'] =>
  (operation: AdmissionOperation, { group, resource }: KindDeclaration, subresource: string) =>
    operations.includes(operation) &&
    subresources.includes(subresource) &&
    resources.includes(group === '' ? resource : `${resource}.${group}`)
