import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { coordination } from '../../generated/types/index.ts'

export const Lease = defineKind<coordination.v1.Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  namespaced: true,
  schema: 'io.k8s.api.coordination.v1.Lease',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
