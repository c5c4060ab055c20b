import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { policy } from '../../generated/types/index.ts'

export const PodDisruptionBudget = defineKind<policy.v1.PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  namespaced: true,
  schema: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  shortNames: ['pdb'],
  subresources: { status: {} },
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
