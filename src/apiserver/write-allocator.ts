import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'

/** What was set aside for a write that is under way. */
export interface Reservation {
  /** The object with what it got. */
  readonly object: KubernetesObject
  /** Once, when the write has been stored (and the caches show it) or has failed. */
  settle(): void
}

/** An entry of the store that says that something is taken. */
export interface Claim {
  /** Below the registry: `ipaddresses/10.96.0.10`. */
  readonly key: string
  readonly object: KubernetesObject
}

/** What comes and goes with a write, in the same commit. */
export interface ClaimChange {
  /** Where one of them is there already, nothing is written. */
  readonly taken: readonly Claim[]
  readonly released: readonly string[]
}

/**
 * Gives objects what only one of them may have (addresses, ports): before validation, where upstream's `BeginCreate`
 * and `BeginUpdate` are. What an object has is claimed in the store by
 * the very commit that writes the object, so that no two servers give out the same, and nothing leaks.
 */
export interface WriteAllocator {
  handles(kind: KindDeclaration): boolean
  /** `old` is absent for a create. Throws StatusError when there is nothing left or it is taken; then nothing is set aside. */
  reserve(object: KubernetesObject, old: KubernetesObject | undefined): Reservation
  /** From what is stored to what will be; either may be absent. */
  claims(object: KubernetesObject | undefined, old: KubernetesObject | undefined): ClaimChange
}

/** Another server has claimed it meanwhile: what was set aside cannot be had, and something else may be tried. */
export class ClaimTakenError extends Error {
  override readonly name = 'ClaimTakenError'
  /** When the caches have reached this revision they show who has it. */
  readonly revision: number
  constructor(key: string, revision: number) {
    super(`${key} is taken`)
    this.revision = revision
  }
}
