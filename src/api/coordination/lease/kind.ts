import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { checkNonNegative, checkPositive } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { coordination } from '../../generated/types/index.ts'

type Lease = coordination.v1.Lease

/** Elections that the API server coordinates are a feature that is off. */
function withoutElection(lease: Lease): Lease {
  const { spec } = lease
  if (spec === undefined || !('strategy' in spec || 'preferredHolder' in spec)) return lease
  const { strategy: _strategy, preferredHolder: _holder, ...rest } = spec
  return { ...lease, spec: rest }
}

function validate({ spec = {} }: Lease): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const seconds = spec.leaseDurationSeconds
  if (seconds !== undefined) checkPositive(seconds, path.child('leaseDurationSeconds'), errors)
  checkNonNegative(spec.leaseTransitions, path.child('leaseTransitions'), errors)
  return errors
}

export const Lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  namespaced: true,
  schema: 'io.k8s.api.coordination.v1.Lease',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: withoutElection,
  prepareForUpdate: withoutElection,
  validate,
  columns: [
    nameColumn,
    { name: 'Holder', type: 'string', value: ({ spec }) => spec?.holderIdentity ?? '' },
    ageColumn,
  ],
})
