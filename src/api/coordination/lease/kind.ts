import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { checkNonNegative, checkPositive } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { coordination } from '../../generated/types/index.ts'
import { validateLeaseStrategy } from '../lease-strategy.ts'

type Lease = coordination.v1.Lease

function validate({ spec = {} }: Lease): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const seconds = spec.leaseDurationSeconds
  if (seconds !== undefined) checkPositive(seconds, path.child('leaseDurationSeconds'), errors)
  checkNonNegative(spec.leaseTransitions, path.child('leaseTransitions'), errors)
  const { strategy = '', preferredHolder = '' } = spec
  if (spec.strategy !== undefined) validateLeaseStrategy(strategy, path.child('strategy'), errors)
  if (preferredHolder !== '' && strategy === '') {
    const detail = 'may only be specified if `strategy` is defined'
    errors.push(fieldForbidden(path.child('preferredHolder'), detail))
  }
  return errors
}

export const Lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  namespaced: true,
  schema: 'io.k8s.api.coordination.v1.Lease',
  looseFinalizers: true,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  gatedFields: [
    { gate: 'CoordinatedLeaderElection', paths: ['spec.strategy'] },
    { gate: 'CoordinatedLeaderElection', paths: ['spec.preferredHolder'] },
  ],
  validate,
  columns: [
    nameColumn,
    { name: 'Holder', type: 'string', value: ({ spec }) => spec?.holderIdentity ?? '' },
    ageColumn,
  ],
})
