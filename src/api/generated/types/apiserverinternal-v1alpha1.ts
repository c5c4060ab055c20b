// Written by scripts/generate-api.ts. Do not edit.
import type * as meta from '../../../apimachinery/meta.ts'

export interface ServerStorageVersion {
  readonly apiServerID: string
  readonly decodableVersions: readonly string[]
  readonly encodingVersion: string
  readonly servedVersions?: readonly string[]
}

export interface StorageVersion {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: meta.ObjectMeta
  readonly spec?: StorageVersionSpec
  readonly status?: StorageVersionStatus
}

export interface StorageVersionCondition {
  readonly lastTransitionTime?: meta.Time | null
  readonly message: string
  readonly observedGeneration?: number
  readonly reason: string
  readonly status: string
  readonly type: string
}

export interface StorageVersionList {
  readonly apiVersion?: string
  readonly items: readonly StorageVersion[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export type StorageVersionSpec = { readonly [key: string]: never }

export interface StorageVersionStatus {
  readonly commonEncodingVersion?: string
  readonly conditions?: readonly StorageVersionCondition[]
  readonly storageVersions?: readonly ServerStorageVersion[]
}
