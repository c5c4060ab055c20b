import type { GatedFields } from '../../apimachinery/gated-fields.ts'
import { isQualifiedName } from '../../apimachinery/label-syntax.ts'
import { isLongName, isShortName } from '../../apimachinery/names.ts'
import type { FieldRule } from '../declarative-validation.ts'

const topologyGate = 'TopologyAwareWorkloadScheduling'
const preemptionGate = 'WorkloadAwarePreemption'
const claimsGate = 'DRAWorkloadResourceClaims'
const maxClaims = 4
const maxUserPriority = 1_000_000_000

export const requiredShortName: FieldRule = { required: true, format: isShortName }
const longName: FieldRule = { format: isLongName }

const claimRules: FieldRule = {
  maxItems: maxClaims,
  key: 'name',
  items: {
    union: ['resourceClaimName', 'resourceClaimTemplateName'],
    fields: { name: requiredShortName, resourceClaimName: longName, resourceClaimTemplateName: longName },
  },
}

/** How the pods of a group are placed, with what they share: fields of both groups and templates for groups. */
const common = {
  schedulingPolicy: {
    union: ['basic', 'gang'],
    fields: { gang: { fields: { minCount: { required: true, minimum: 1 } } } },
  },
  schedulingConstraints: {
    gate: topologyGate,
    fields: {
      topology: {
        maxItems: 1,
        items: { fields: { key: { required: true, format: isQualifiedName } } },
      },
    },
  },
  resourceClaims: claimRules,
  disruptionMode: { gate: preemptionGate, values: ['Pod', 'PodGroup'] },
  priorityClassName: { gate: preemptionGate, format: isLongName },
  priority: { gate: preemptionGate, minimum: -(2 ** 31), maximum: maxUserPriority },
} satisfies Readonly<Record<string, FieldRule>>

/** `fixed`: a group's own fields never change. */
export const groupFields = (fixed: boolean): Readonly<Record<string, FieldRule>> =>
  fixed
    ? Object.fromEntries(Object.entries(common).map(([name, rule]) => [name, { ...rule, immutable: true }]))
    : common

export const claimStatusRules: FieldRule = {
  maxItems: maxClaims,
  key: 'name',
  items: { fields: { resourceClaimName: longName } },
}

/** What belongs to features, below `prefix`. */
export const gatedGroupFields = (prefix: string): readonly GatedFields[] => [
  { gate: topologyGate, paths: [`${prefix}.schedulingConstraints`] },
  { gate: claimsGate, paths: [`${prefix}.resourceClaims`] },
  { gate: preemptionGate, paths: [`${prefix}.disruptionMode`] },
  { gate: preemptionGate, paths: [`${prefix}.priorityClassName`] },
  { gate: preemptionGate, paths: [`${prefix}.priority`] },
]

export const gatedClaimStatuses: GatedFields = {
  gate: claimsGate,
  paths: ['status.resourceClaimStatuses', 'spec.resourceClaims'],
}
