import type { KubernetesObject, ObjectMeta } from '../../../apimachinery/meta.ts'
import { present } from '../../defaulting.ts'
import type { autoscaling } from '../../generated/types/index.ts'
import { formatBehavior, parseBehavior } from './behavior-annotation.ts'
import { defaultMetrics } from './defaults.ts'
import { type Json, parseList } from './json-readers.ts'
import {
  oldMetric,
  oldMetricStatus,
  readCondition,
  readOldMetric,
  readOldMetricStatus,
} from './old-metrics.ts'

type NewAutoscaler = autoscaling.v2.HorizontalPodAutoscaler
export type OldAutoscaler = autoscaling.v1.HorizontalPodAutoscaler

/** Where the older version keeps what it has no fields for. */
const annotationsOf = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  statuses: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
}

const roundTrip = new Set(Object.values(annotationsOf))

const isCpuUtilization = ({ type, resource }: autoscaling.v2.MetricSpec): boolean =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined

function withAnnotations(
  metadata: ObjectMeta | undefined,
  added: Readonly<Record<string, string>>,
): ObjectMeta | undefined {
  if (metadata === undefined) return undefined
  const { annotations, ...rest } = metadata
  const own = Object.entries(annotations ?? {}).filter(([key]) => !roundTrip.has(key))
  const all = { ...Object.fromEntries(own), ...added }
  return Object.keys(all).length === 0 ? rest : { ...rest, annotations: all }
}

function annotationFor(key: keyof typeof annotationsOf, list: readonly unknown[]): Record<string, string> {
  return list.length === 0 ? {} : { [annotationsOf[key]]: JSON.stringify(list) }
}

/** An autoscaler of v2, whose type is known from where it was stored. */
const isNewAutoscaler = (object: KubernetesObject): object is NewAutoscaler => 'spec' in object

export function toOldAutoscaler(object: KubernetesObject): OldAutoscaler {
  if (!isNewAutoscaler(object)) throw new TypeError('an autoscaler without a specification')
  const { metadata, spec, status, ...rest } = object
  const { metrics = [], behavior, ...same } = spec
  const { currentMetrics: current, conditions = [], currentReplicas = 0, ...sameStatus } = status ?? {}
  const currentMetrics = current ?? []
  const cpu = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization
  const cpuStatus = currentMetrics.findLast(
    ({ type, resource }) => type === 'Resource' && resource?.name === 'cpu',
  )
  const added = {
    ...annotationFor('metrics', metrics.filter((metric) => !isCpuUtilization(metric)).map(oldMetric)),
    ...annotationFor('statuses', currentMetrics.map(oldMetricStatus)),
    ...(behavior === undefined ? {} : { [annotationsOf.behavior]: formatBehavior(behavior) }),
    ...annotationFor('conditions', conditions),
  }
  return {
    ...rest,
    apiVersion: 'autoscaling/v1',
    ...present({ metadata: withAnnotations(metadata, added) }),
    spec: { ...same, ...present({ targetCPUUtilizationPercentage: cpu }) },
    status: {
      desiredReplicas: 0,
      ...sameStatus,
      currentReplicas,
      ...present({
        currentCPUUtilizationPercentage: cpuStatus?.resource?.current.averageUtilization,
      }),
    },
  }
}

function readAnnotation<T>(
  metadata: ObjectMeta | undefined,
  key: keyof typeof annotationsOf,
  read: (json: Json) => T,
): readonly T[] | undefined {
  const text = metadata?.annotations?.[annotationsOf[key]]
  return text === undefined ? undefined : parseList(text)?.map(read)
}

const cpuMetric = (averageUtilization: number): autoscaling.v2.MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

function newStatus({ metadata, status }: OldAutoscaler): autoscaling.v2.HorizontalPodAutoscalerStatus {
  const { currentCPUUtilizationPercentage: cpu, desiredReplicas = 0, ...same } = status ?? {}
  const ofCpu =
    cpu === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }]
  return {
    ...same,
    desiredReplicas,
    currentMetrics: readAnnotation(metadata, 'statuses', readOldMetricStatus) ?? ofCpu ?? null,
    ...present({ conditions: readAnnotation(metadata, 'conditions', readCondition) }),
  }
}

export function toNewAutoscaler(object: OldAutoscaler): NewAutoscaler {
  const { metadata, spec, ...rest } = object
  const { targetCPUUtilizationPercentage: cpu, ...same } = spec
  const others = readAnnotation(metadata, 'metrics', readOldMetric) ?? []
  const metrics = [...others, ...(cpu === undefined ? [] : [cpuMetric(cpu)])]
  const behavior = parseBehavior(metadata?.annotations?.[annotationsOf.behavior])
  return {
    ...rest,
    apiVersion: 'autoscaling/v2',
    ...present({ metadata: withAnnotations(metadata, {}) }),
    spec: { ...same, metrics: metrics.length === 0 ? defaultMetrics : metrics, ...present({ behavior }) },
    status: newStatus(object),
  }
}
