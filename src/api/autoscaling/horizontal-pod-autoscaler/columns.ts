import type { Column } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { autoscaling } from '../../generated/types/index.ts'

type HorizontalPodAutoscaler = autoscaling.v2.HorizontalPodAutoscaler
type Metric = autoscaling.v2.MetricSpec
type Value = autoscaling.v2.MetricValueStatus

const maxShown = 2
const unknown = '<unknown>'

/** Amounts of something that is not a resource. */
function amounts(target: autoscaling.v2.MetricTarget | undefined, current: Value | undefined): string {
  if (target?.averageValue !== undefined)
    return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`
  return `${current === undefined ? unknown : (current.value ?? '0')}/${target?.value ?? '0'}`
}

function resource(
  name: string,
  target: autoscaling.v2.MetricTarget | undefined,
  current: Value | undefined,
): string {
  if (target?.averageValue !== undefined) {
    const value = current === undefined ? unknown : (current.averageValue ?? '0')
    return `${name}: ${value}/${target.averageValue}`
  }
  const percent = (share: number | undefined, without: string): string =>
    share === undefined ? without : `${share}%`
  const now = percent(current?.averageUtilization, unknown)
  return `${name}: ${now}/${percent(target?.averageUtilization, '<auto>')}`
}

function formatMetric(metric: Metric, status: autoscaling.v2.MetricStatus | undefined): string {
  switch (metric.type) {
    case 'External':
      return amounts(metric.external?.target, status?.external?.current)
    case 'Object':
      return amounts(metric.object?.target, status?.object?.current)
    case 'Pods': {
      const current = status?.pods?.current
      const value = current === undefined ? unknown : (current.averageValue ?? '0')
      return `${value}/${metric.pods?.target.averageValue ?? '0'}`
    }
    case 'Resource':
      return resource(metric.resource?.name ?? '', metric.resource?.target, status?.resource?.current)
    case 'ContainerResource': {
      const { name = '', target } = metric.containerResource ?? {}
      return resource(name, target, status?.containerResource?.current)
    }
    default:
      return '<unknown type>'
  }
}

function targetsOf({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec?.metrics ?? []
  if (metrics.length === 0) return '<none>'
  const texts = metrics.map((metric, index) => formatMetric(metric, status?.currentMetrics?.[index]))
  const shown = texts.slice(0, maxShown).join(', ')
  return texts.length > maxShown ? `${shown} + ${texts.length - maxShown} more...` : shown
}

export const autoscalerColumns: readonly Column<HorizontalPodAutoscaler>[] = [
  nameColumn,
  {
    name: 'Reference',
    type: 'string',
    value: ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`,
  },
  { name: 'Targets', type: 'string', value: targetsOf },
  {
    name: 'MinPods',
    type: 'string',
    value: ({ spec }) => (spec?.minReplicas === undefined ? '<unset>' : String(spec.minReplicas)),
  },
  { name: 'MaxPods', type: 'string', value: ({ spec }) => spec?.maxReplicas ?? 0 },
  { name: 'Replicas', type: 'string', value: ({ status }) => status?.currentReplicas ?? 0 },
  ageColumn,
]
