// Written by scripts/generate-api.ts. Do not edit.
import type * as meta from '../../../apimachinery/meta.ts'

export interface LeaseCandidate {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec: LeaseCandidateSpec
}

export interface LeaseCandidateList {
  readonly apiVersion?: string
  readonly items: readonly LeaseCandidate[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface LeaseCandidateSpec {
  readonly binaryVersion: string
  readonly emulationVersion?: string
  readonly leaseName: string
  readonly pingTime?: meta.MicroTime
  readonly renewTime?: meta.MicroTime
  readonly strategy: string
}
