// Written by scripts/generate-api.ts. Do not edit.
import type * as meta from '../../../apimachinery/meta.ts'

export type BasicSchedulingPolicy = { readonly [key: string]: never }

export interface GangSchedulingPolicy {
  readonly minCount: number
}

export interface PodGroup {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec: PodGroupSpec
  readonly status?: PodGroupStatus
}

export interface PodGroupList {
  readonly apiVersion?: string
  readonly items: readonly PodGroup[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface PodGroupResourceClaim {
  readonly name: string
  readonly resourceClaimName?: string
  readonly resourceClaimTemplateName?: string
}

export interface PodGroupResourceClaimStatus {
  readonly name: string
  readonly resourceClaimName?: string
}

export interface PodGroupSchedulingConstraints {
  readonly topology?: readonly TopologyConstraint[]
}

export interface PodGroupSchedulingPolicy {
  readonly basic?: BasicSchedulingPolicy
  readonly gang?: GangSchedulingPolicy
}

export interface PodGroupSpec {
  readonly disruptionMode?: string
  readonly podGroupTemplateRef?: PodGroupTemplateReference | null
  readonly priority?: number
  readonly priorityClassName?: string
  readonly resourceClaims?: readonly PodGroupResourceClaim[]
  readonly schedulingConstraints?: PodGroupSchedulingConstraints
  readonly schedulingPolicy: PodGroupSchedulingPolicy
}

export interface PodGroupStatus {
  readonly conditions?: readonly meta.Condition[]
  readonly resourceClaimStatuses?: readonly PodGroupResourceClaimStatus[]
}

export interface PodGroupTemplate {
  readonly disruptionMode?: string
  readonly name: string
  readonly priority?: number
  readonly priorityClassName?: string
  readonly resourceClaims?: readonly PodGroupResourceClaim[]
  readonly schedulingConstraints?: PodGroupSchedulingConstraints | null
  readonly schedulingPolicy: PodGroupSchedulingPolicy
}

export interface PodGroupTemplateReference {
  readonly workload?: WorkloadPodGroupTemplateReference | null
}

export interface TopologyConstraint {
  readonly key: string
}

export interface TypedLocalObjectReference {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
}

export interface Workload {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec: WorkloadSpec
}

export interface WorkloadList {
  readonly apiVersion?: string
  readonly items: readonly Workload[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface WorkloadPodGroupTemplateReference {
  readonly podGroupTemplateName: string
  readonly workloadName: string
}

export interface WorkloadSpec {
  readonly controllerRef?: TypedLocalObjectReference
  readonly podGroupTemplates: readonly PodGroupTemplate[]
}
