import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { set } from '../../defaulting.ts'
import type { resource } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import { validateAdminRequests, validateAdminResults } from '../admin-access.ts'
import { defaultDeviceClaim } from '../device-claim-defaults.ts'
import { claimGates } from '../gated-fields.ts'
import { validateClaimSpec } from '../validate-claim-spec.ts'
import { deviceIdText } from './device-id.ts'
import { validateClaimStatus } from './validate-status.ts'

type ResourceClaim = resource.v1.ResourceClaim

/** What is said of devices that are no longer allocated goes with them. */
function withoutDeallocated(claim: ResourceClaim, old: ResourceClaim): ResourceClaim {
  const devices = claim.status?.devices
  if (claim.status === undefined || devices === undefined) return claim
  const kept = new Set((claim.status.allocation?.devices?.results ?? []).map(deviceIdText))
  const gone = new Set(
    (old.status?.allocation?.devices?.results ?? []).map(deviceIdText).filter((id) => !kept.has(id)),
  )
  const left = devices.filter((device) => !gone.has(deviceIdText(device)))
  if (left.length === devices.length && left.length > 0) return claim
  const { devices: _devices, ...rest } = claim.status
  return { ...claim, status: left.length === 0 ? rest : { ...rest, devices: left } }
}

function prepareForUpdate(claim: ResourceClaim, old: ResourceClaim, context: WriteContext): ResourceClaim {
  const kept = carryOverMetadata(claim, old, context)
  return context.subresource === 'status' ? withoutDeallocated(kept, old) : kept
}

function validate(
  claim: ResourceClaim,
  old: ResourceClaim | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const namespace = claim.metadata?.namespace ?? ''
  if (old === undefined) {
    validateAdminRequests(claim.spec?.devices?.requests, namespace, context, errors)
    validateClaimSpec(claim.spec ?? {}, context.features, path, errors)
  } else if (context.subresource === 'status') {
    const [results, before] = [claim, old].map(({ status }) => status?.allocation?.devices?.results)
    validateAdminResults(results, before, namespace, context, errors)
    validateClaimStatus(claim, old, errors)
  } else validateImmutable(claim.spec, old.spec, path, errors)
  return errors
}

function stateOf({ metadata, status }: ResourceClaim): string {
  const deleted = metadata?.deletionTimestamp !== undefined
  const states = deleted ? ['deleted'] : []
  if (status?.allocation === undefined) return deleted ? 'deleted' : 'pending'
  states.push('allocated')
  if ((status.reservedFor ?? []).length > 0) states.push('reserved')
  return states.join(',')
}

export const ResourceClaim = defineKind<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  resource: 'resourceclaims',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaim',
  changedMetadata: ['whole', 'change'],
  resetFields: { status: ['metadata', 'spec'] },
  subresources: { status: {} },
  returnsDeleted: true,
  defaults: (claim) =>
    claim.spec === undefined ? claim : set(claim, 'spec', defaultDeviceClaim(claim.spec)),
  gatedFields: claimGates,
  prepareForUpdate,
  validate,
  columns: [
    nameColumn,
    {
      name: 'State',
      type: 'string',
      value: stateOf,
    },
    ageColumn,
  ],
})
