import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { batch } from '../../generated/types/index.ts'

export const Job = defineKind<batch.v1.Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  resource: 'jobs',
  namespaced: true,
  schema: 'io.k8s.api.batch.v1.Job',
  categories: ['all'],
  subresources: { status: {} },
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
