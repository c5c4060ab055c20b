import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { batch } from '../../generated/types/index.ts'

export const CronJob = defineKind<batch.v1.CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  resource: 'cronjobs',
  namespaced: true,
  schema: 'io.k8s.api.batch.v1.CronJob',
  shortNames: ['cj'],
  categories: ['all'],
  subresources: { status: {} },
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
