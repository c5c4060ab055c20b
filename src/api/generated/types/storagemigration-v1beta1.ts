// Written by scripts/generate-api.ts. Do not edit.
import type * as meta from '../../../apimachinery/meta.ts'
import type * as metaV1 from './meta-v1.ts'

export interface StorageVersionMigration {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec?: StorageVersionMigrationSpec
  readonly status?: StorageVersionMigrationStatus
}

export interface StorageVersionMigrationList {
  readonly apiVersion?: string
  readonly items: readonly StorageVersionMigration[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface StorageVersionMigrationSpec {
  readonly resource: metaV1.GroupResource
}

export interface StorageVersionMigrationStatus {
  readonly conditions?: readonly meta.Condition[]
  readonly resourceVersion?: string
}
