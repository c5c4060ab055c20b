import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'

/** What was set aside for a write that is under way. */
export interface Reservation {
  /** The object with what it got. */
  readonly object: KubernetesObject
  /** Once, when the write has been stored (and the caches show it) or has failed. */
  settle(): void
}

/**
 * Gives objects what only one of them may have (addresses, ports): between validation and the validating
 * admission, where upstream's `BeginCreate` and `BeginUpdate` are.
 */
export interface WriteAllocator {
  handles(kind: KindDeclaration): boolean
  /** `old` is absent for a create. Throws StatusError when there is nothing left or it is taken; then nothing is set aside. */
  reserve(object: KubernetesObject, old: KubernetesObject | undefined): Reservation
}
