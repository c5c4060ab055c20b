// Written by scripts/generate-api.ts. Do not edit.
import type * as meta from '../../../apimachinery/meta.ts'

export interface Lease {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec?: LeaseSpec
}

export interface LeaseList {
  readonly apiVersion?: string
  readonly items: readonly Lease[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface LeaseSpec {
  readonly acquireTime?: meta.MicroTime
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly leaseTransitions?: number
  readonly preferredHolder?: string
  readonly renewTime?: meta.MicroTime
  readonly strategy?: string
}
