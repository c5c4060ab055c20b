import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { set } from '../../defaulting.ts'
import type { resource } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import { defaultDeviceClaim } from '../device-claim-defaults.ts'

type ResourceClaim = resource.v1.ResourceClaim

function validate(
  claim: ResourceClaim,
  old: ResourceClaim | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource !== 'status')
    validateImmutable(claim.spec, old.spec, fieldPath('spec'), errors)
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
  subresources: { status: {} },
  returnsDeleted: true,
  defaults: (claim) =>
    claim.spec === undefined ? claim : set(claim, 'spec', defaultDeviceClaim(claim.spec)),
  prepareForUpdate: carryOverMetadata,
  validate,
  columns: [
    nameColumn,
    {
      name: 'State',
      type: 'string',
      description: 'A summary of the current state (allocated, pending, reserved, etc.).',
      value: stateOf,
    },
    ageColumn,
  ],
})
