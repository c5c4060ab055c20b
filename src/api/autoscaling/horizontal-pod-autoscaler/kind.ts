import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { autoscaling } from '../../generated/types/index.ts'
import { autoscalerColumns } from './columns.ts'
import { defaultAutoscaler } from './defaults.ts'
import { validateAutoscaler } from './validate.ts'

export const HorizontalPodAutoscaler = defineKind<autoscaling.v2.HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: { status: {} },
  gatedFields: [
    {
      gate: 'HPAConfigurableTolerance',
      paths: ['spec.behavior.scaleUp.tolerance', 'spec.behavior.scaleDown.tolerance'],
    },
  ],
  defaults: defaultAutoscaler,
  prepareForCreate: (autoscaler) => ({ ...autoscaler, status: { currentMetrics: null, desiredReplicas: 0 } }),
  validate: validateAutoscaler,
  columns: autoscalerColumns,
})
