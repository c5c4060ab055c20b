import { describe, expect, test } from 'vitest'
import type { autoscaling } from '../../generated/types/index.ts'
import { toNewAutoscaler, toOldAutoscaler } from './conversion.ts'

const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }

const rich: autoscaling.v2.HorizontalPodAutoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', annotations: { mine: 'kept' } },
  spec: {
    scaleTargetRef: target,
    minReplicas: 2,
    maxReplicas: 9,
    metrics: [
      {
        type: 'Object',
        object: {
          describedObject: target,
          metric: { name: 'queue', selector: { matchLabels: { a: 'b' } } },
          target: { type: 'Value', value: '10' },
        },
      },
      {
        type: 'Pods',
        pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '5' } },
      },
      {
        type: 'ContainerResource',
        containerResource: {
          name: 'memory',
          container: 'main',
          target: { type: 'AverageValue', averageValue: '1Gi' },
        },
      },
      { type: 'External', external: { metric: { name: 'x' }, target: { type: 'Value', value: '1' } } },
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
      },
    ],
    behavior: {
      scaleUp: { policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }], selectPolicy: 'Max' },
      scaleDown: { stabilizationWindowSeconds: 60, tolerance: '50m' },
    },
  },
  status: {
    currentReplicas: 3,
    desiredReplicas: 4,
    currentMetrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', current: { averageUtilization: 70, averageValue: '90m' } },
      },
    ],
    conditions: [{ type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' }],
  },
}

describe('toOldAutoscaler()', () => {
  test('shows the share of cpu and keeps the rest in annotations', () => {
    const old = toOldAutoscaler(rich)
    expect(old.spec).toEqual({
      scaleTargetRef: target,
      minReplicas: 2,
      maxReplicas: 9,
      targetCPUUtilizationPercentage: 60,
    })
    expect(old.status).toEqual({
      currentReplicas: 3,
      desiredReplicas: 4,
      currentCPUUtilizationPercentage: 70,
    })
    expect(Object.keys(old.metadata?.annotations ?? {}).sort()).toEqual([
      'autoscaling.alpha.kubernetes.io/behavior',
      'autoscaling.alpha.kubernetes.io/conditions',
      'autoscaling.alpha.kubernetes.io/current-metrics',
      'autoscaling.alpha.kubernetes.io/metrics',
      'mine',
    ])
    expect(
      JSON.parse(old.metadata?.annotations?.['autoscaling.alpha.kubernetes.io/metrics'] ?? '')[0],
    ).toEqual({
      type: 'Object',
      object: { target, metricName: 'queue', targetValue: '10', selector: { matchLabels: { a: 'b' } } },
    })
  })
  test('and toNewAutoscaler() go there and back', () => {
    expect(toNewAutoscaler(toOldAutoscaler(rich))).toEqual(rich)
  })
})

test('toNewAutoscaler() aims at 80 percent of cpu where nothing is said', () => {
  const old = { metadata: { name: 'web' }, spec: { scaleTargetRef: target, maxReplicas: 3 } }
  expect(toNewAutoscaler(old).spec.metrics).toEqual([
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
  ])
})

test('toNewAutoscaler() ignores annotations that make no sense', () => {
  const annotations = {
    'autoscaling.alpha.kubernetes.io/metrics': '{',
    'autoscaling.alpha.kubernetes.io/behavior': '[]',
  }
  const old = { metadata: { name: 'web', annotations }, spec: { scaleTargetRef: target, maxReplicas: 3 } }
  const { metadata, spec } = toNewAutoscaler(old)
  expect([metadata?.annotations, spec.behavior, spec.metrics?.length]).toEqual([undefined, undefined, 1])
})
