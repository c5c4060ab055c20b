import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { immutableMessage, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { parseCidr } from '../../../apimachinery/ip-address.ts'
import { validateCidr } from '../../../apimachinery/ip-validation.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { networking } from '../../generated/types/index.ts'
import { kindUnderVersion } from '../../in-version.ts'
import { carryOverMetadata } from '../../status-writes.ts'

type ServiceCIDR = networking.v1.ServiceCIDR

const path = fieldPath('spec').child('cidrs')
const maxCidrs = 2

function validateCidrs({ spec }: ServiceCIDR, errors: FieldError[]): void {
  const cidrs = spec?.cidrs ?? []
  if (cidrs.length === 0) {
    errors.push(required(path, 'at least one CIDR required'))
    return
  }
  if (cidrs.length > maxCidrs) {
    errors.push(invalidValue(path, spec, 'may only hold up to 2 values'))
    return
  }
  cidrs.forEach((cidr, index) => {
    validateCidr(cidr, path.index(index), errors)
  })
  const [family, other] = cidrs.map((cidr) => parseCidr(cidr, { allowLeadingZeros: true })?.base.family)
  if (cidrs.length < maxCidrs || family === undefined || family !== other) return
  const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'
  errors.push(invalidValue(path, cidrs, detail))
}

/** A range may get a second one of the other family; nothing else changes. */
function validateChange(cidr: ServiceCIDR, old: ServiceCIDR, errors: FieldError[]): void {
  const cidrs = cidr.spec?.cidrs ?? []
  const before = old.spec?.cidrs ?? []
  const grows = before.length === 1 && cidrs.length === maxCidrs
  if (cidrs.length !== before.length && !grows) {
    errors.push(invalidValue(path, cidrs, immutableMessage))
    return
  }
  before.forEach((known, index) => {
    if (cidrs[index] !== known) errors.push(invalidValue(path.index(index), cidrs[index], immutableMessage))
  })
  if (grows) validateCidrs(cidr, errors)
}

function validate(
  cidr: ServiceCIDR,
  old: ServiceCIDR | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old === undefined) validateCidrs(cidr, errors)
  else if (context.subresource !== 'status') validateChange(cidr, old, errors)
  return errors
}

export const ServiceCIDR = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  resource: 'servicecidrs',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.ServiceCIDR',
  resetFields: { status: ['metadata', 'spec'] },
  subresources: { status: {} },
  prepareForUpdate: carryOverMetadata,
  validate,
  columns: [
    nameColumn,
    {
      name: 'CIDRs',
      type: 'string',
      value: ({ spec }) => (spec?.cidrs ?? []).join(','),
    },
    ageColumn,
  ],
})

export const ServiceCIDRV1Beta1 = kindUnderVersion(ServiceCIDR, {
  version: 'v1beta1',
  schema: 'io.k8s.api.networking.v1beta1.ServiceCIDR',
  deprecated: { since: '1.34', removed: '1.37' },
})
