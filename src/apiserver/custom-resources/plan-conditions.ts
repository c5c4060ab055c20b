import {
  approvalOf,
  isProtectedGroup,
} from '../../api/apiextensions/custom-resource-definition/api-approval.ts'
import {
  conditionOf,
  type Definition,
  isTrue,
  type NewCondition,
  withCondition,
  withoutCondition,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { isCaBundle } from '../../api/webhook-ca.ts'

/** Upstream's establishing controller; undefined when nothing changes. */
export function planEstablished(definition: Definition, nowMs: number): Definition | undefined {
  if (!isTrue(definition, 'NamesAccepted') || isTrue(definition, 'Established')) return undefined
  const bundle = definition.spec.conversion?.webhook?.clientConfig?.caBundle
  const isBroken = bundle !== undefined && bundle !== '' && !isCaBundle(bundle)
  const condition: NewCondition = isBroken
    ? {
        type: 'Established',
        status: 'False',
        reason: 'InvalidCABundle',
        message: 'The conversion webhook CABundle is invalid',
      }
    : {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      }
  const old = conditionOf(definition, 'Established')
  if (old?.status === condition.status && old.reason === condition.reason) return undefined
  return withCondition(definition, condition, nowMs)
}

/** Upstream's API approval controller; undefined when nothing changes. */
export function planApproval(definition: Definition, nowMs: number): Definition | undefined {
  if (!isProtectedGroup(definition.spec.group)) return undefined
  const { status, reason, message } = approvalOf(definition.metadata?.annotations)
  const condition: NewCondition = {
    type: 'KubernetesAPIApprovalPolicyConformant',
    status,
    reason,
    message,
  }
  const old = conditionOf(definition, condition.type)
  if (old?.status === status && old.reason === reason && old.message === message) return undefined
  return withCondition(definition, condition, nowMs)
}

/** Upstream's controller of the NonStructuralSchema condition; undefined when nothing changes. */
export function planNonStructural(definition: Definition, nowMs: number): Definition | undefined {
  const old = conditionOf(definition, 'NonStructuralSchema')
  if (definition.spec.preserveUnknownFields !== true)
    return old === undefined ? undefined : withoutCondition(definition, 'NonStructuralSchema')
  const condition: NewCondition = {
    type: 'NonStructuralSchema',
    status: 'True',
    reason: 'Violations',
    message: 'spec.preserveUnknownFields: Invalid value: true: must be false',
  }
  if (old?.status === 'True' && old.message === condition.message) return undefined
  return withCondition(definition, condition, nowMs)
}
