// Written by scripts/generate-api.ts. Do not edit.
import type * as meta from '../../../apimachinery/meta.ts'

export interface DeviceTaint {
  readonly effect: string
  readonly key: string
  readonly timeAdded?: meta.Time
  readonly value?: string
}

export interface DeviceTaintRule {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec: DeviceTaintRuleSpec
  readonly status?: DeviceTaintRuleStatus
}

export interface DeviceTaintRuleList {
  readonly apiVersion?: string
  readonly items: readonly DeviceTaintRule[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface DeviceTaintRuleSpec {
  readonly deviceSelector?: DeviceTaintSelector
  readonly taint: DeviceTaint
}

export interface DeviceTaintRuleStatus {
  readonly conditions?: readonly meta.Condition[]
}

export interface DeviceTaintSelector {
  readonly device?: string
  readonly driver?: string
  readonly pool?: string
}

export interface PoolStatus {
  readonly allocatedDevices?: number
  readonly availableDevices?: number
  readonly driver: string
  readonly generation: number
  readonly nodeName?: string
  readonly poolName: string
  readonly resourceSliceCount?: number
  readonly totalDevices?: number
  readonly unavailableDevices?: number
  readonly validationError?: string
}

export interface ResourcePoolStatusRequest {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: meta.ObjectMeta
  readonly spec: ResourcePoolStatusRequestSpec
  readonly status?: ResourcePoolStatusRequestStatus
}

export interface ResourcePoolStatusRequestList {
  readonly apiVersion?: string
  readonly items: readonly ResourcePoolStatusRequest[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface ResourcePoolStatusRequestSpec {
  readonly driver: string
  readonly limit?: number
  readonly poolName?: string
}

export interface ResourcePoolStatusRequestStatus {
  readonly conditions?: readonly meta.Condition[]
  readonly poolCount: number
  readonly pools?: readonly PoolStatus[]
}
