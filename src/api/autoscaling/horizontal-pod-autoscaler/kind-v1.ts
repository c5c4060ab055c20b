import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { autoscaling } from '../../generated/types/index.ts'

export const HorizontalPodAutoscalerV1 = defineKind<autoscaling.v1.HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: { status: {} },
  columns: [nameColumn, ageColumn],
})
