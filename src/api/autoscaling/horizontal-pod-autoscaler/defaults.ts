import { fill, fillUnset, set } from '../../defaulting.ts'
import type { autoscaling } from '../../generated/types/index.ts'

type Rules = autoscaling.v2.HPAScalingRules

/** What an autoscaler without metrics keeps to. */
export const defaultMetrics: readonly autoscaling.v2.MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
]

const scaleUpRules: Rules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}

/** The controller has its own idea of the window for scaling down. */
const scaleDownRules: Rules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
}

export function defaultAutoscaler(
  autoscaler: autoscaling.v2.HorizontalPodAutoscaler,
): autoscaling.v2.HorizontalPodAutoscaler {
  let spec = fill(autoscaler.spec ?? {}, { minReplicas: 1 })
  if ((spec.metrics ?? []).length === 0) spec = { ...spec, metrics: defaultMetrics }
  if (spec.behavior !== undefined) {
    const { scaleUp = {}, scaleDown = {} } = spec.behavior
    spec = {
      ...spec,
      behavior: {
        scaleUp: fillUnset(scaleUp, scaleUpRules),
        scaleDown: fillUnset(scaleDown, scaleDownRules),
      },
    }
  }
  return set(autoscaler, 'spec', spec)
}
