import { amountOf } from '../../../apimachinery/quantity.ts'
import { present } from '../../defaulting.ts'
import type { autoscaling } from '../../generated/types/index.ts'
import { type Json, numberAt, objectAt, quantityAt, selectorAt, textAt } from './json-readers.ts'

/** Metrics as autoscaling/v1 writes them into annotations, and back. */
type Metric = autoscaling.v2.MetricSpec
type Status = autoscaling.v2.MetricStatus
type Target = autoscaling.v2.MetricTarget
type Value = autoscaling.v2.MetricValueStatus
type Reference = autoscaling.v2.CrossVersionObjectReference

const identifierOf = (json: Json, selector: string): autoscaling.v2.MetricIdentifier => ({
  name: textAt(json, 'metricName') ?? '',
  ...present({ selector: selectorAt(json, selector) }),
})

function referenceOf(json: Json): Reference {
  const target = objectAt(json, 'target') ?? {}
  return {
    kind: textAt(target, 'kind') ?? '',
    name: textAt(target, 'name') ?? '',
    ...present({ apiVersion: textAt(target, 'apiVersion') }),
  }
}

const isZero = (quantity: string): boolean => amountOf(quantity)?.nano === 0n

export function oldMetric(metric: Metric): Json {
  const { type, object, pods, resource, containerResource, external } = metric
  const resourceTarget = ({ averageUtilization, averageValue }: Target): Json =>
    present({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue })
  return {
    type,
    ...present<Json>({
      object: object && {
        target: object.describedObject,
        metricName: object.metric.name,
        targetValue: object.target.value ?? '0',
        ...present({ selector: object.metric.selector, averageValue: object.target.averageValue }),
      },
      pods: pods && {
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue ?? '0',
        ...present({ selector: pods.metric.selector }),
      },
      resource: resource && { name: resource.name, ...resourceTarget(resource.target) },
      containerResource: containerResource && {
        name: containerResource.name,
        ...resourceTarget(containerResource.target),
        container: containerResource.container,
      },
      external: external && {
        metricName: external.metric.name,
        ...present({
          metricSelector: external.metric.selector,
          targetValue: external.target.value,
          targetAverageValue: external.target.averageValue,
        }),
      },
    }),
  }
}

function resourceTargetOf(json: Json): Target {
  const averageUtilization = numberAt(json, 'targetAverageUtilization')
  const averageValue = quantityAt(json, 'targetAverageValue')
  const type = averageUtilization === undefined ? 'AverageValue' : 'Utilization'
  return { type, ...present({ averageUtilization, averageValue }) }
}

function objectTargetOf(json: Json): Target {
  const value = quantityAt(json, 'targetValue') ?? '0'
  const averageValue = quantityAt(json, 'averageValue')
  if (averageValue === undefined) return { type: 'Value', value }
  return { type: 'AverageValue', averageValue, ...(isZero(value) ? {} : { value }) }
}

function externalTargetOf(json: Json): Target {
  const value = quantityAt(json, 'targetValue')
  const averageValue = quantityAt(json, 'targetAverageValue')
  return { type: value === undefined ? 'AverageValue' : 'Value', ...present({ value, averageValue }) }
}

export function readOldMetric(json: Json): Metric {
  const object = objectAt(json, 'object')
  const pods = objectAt(json, 'pods')
  const resource = objectAt(json, 'resource')
  const container = objectAt(json, 'containerResource')
  const external = objectAt(json, 'external')
  return {
    type: textAt(json, 'type') ?? '',
    ...present<Omit<Metric, 'type'>>({
      object: object && {
        describedObject: referenceOf(object),
        metric: identifierOf(object, 'selector'),
        target: objectTargetOf(object),
      },
      pods: pods && {
        metric: identifierOf(pods, 'selector'),
        target: { type: 'AverageValue', averageValue: quantityAt(pods, 'targetAverageValue') ?? '0' },
      },
      resource: resource && { name: textAt(resource, 'name') ?? '', target: resourceTargetOf(resource) },
      containerResource: container && {
        name: textAt(container, 'name') ?? '',
        container: textAt(container, 'container') ?? '',
        target: resourceTargetOf(container),
      },
      external: external && {
        metric: identifierOf(external, 'metricSelector'),
        target: externalTargetOf(external),
      },
    }),
  }
}

export function oldMetricStatus(status: Status): Json {
  const { type, object, pods, resource, containerResource, external } = status
  const resourceValue = ({ averageUtilization, averageValue }: Value): Json => ({
    ...present({ currentAverageUtilization: averageUtilization }),
    currentAverageValue: averageValue ?? '0',
  })
  return {
    type,
    ...present<Json>({
      object: object && {
        target: object.describedObject,
        metricName: object.metric.name,
        currentValue: object.current.value ?? '0',
        ...present({ selector: object.metric.selector, averageValue: object.current.averageValue }),
      },
      pods: pods && {
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue ?? '0',
        ...present({ selector: pods.metric.selector }),
      },
      resource: resource && { name: resource.name, ...resourceValue(resource.current) },
      containerResource: containerResource && {
        name: containerResource.name,
        ...resourceValue(containerResource.current),
        container: containerResource.container,
      },
      external: external && {
        metricName: external.metric.name,
        currentValue: external.current.value ?? '0',
        ...present({
          metricSelector: external.metric.selector,
          currentAverageValue: external.current.averageValue,
        }),
      },
    }),
  }
}

const resourceValueOf = (json: Json): Value => ({
  averageValue: quantityAt(json, 'currentAverageValue') ?? '0',
  ...present({ averageUtilization: numberAt(json, 'currentAverageUtilization') }),
})

const metricValueOf = (json: Json, average: string): Value => ({
  value: quantityAt(json, 'currentValue') ?? '0',
  ...present({ averageValue: quantityAt(json, average) }),
})

export function readOldMetricStatus(json: Json): Status {
  const object = objectAt(json, 'object')
  const pods = objectAt(json, 'pods')
  const resource = objectAt(json, 'resource')
  const container = objectAt(json, 'containerResource')
  const external = objectAt(json, 'external')
  return {
    type: textAt(json, 'type') ?? '',
    ...present<Omit<Status, 'type'>>({
      object: object && {
        describedObject: referenceOf(object),
        metric: identifierOf(object, 'selector'),
        current: metricValueOf(object, 'averageValue'),
      },
      pods: pods && {
        metric: identifierOf(pods, 'selector'),
        current: { averageValue: quantityAt(pods, 'currentAverageValue') ?? '0' },
      },
      resource: resource && { name: textAt(resource, 'name') ?? '', current: resourceValueOf(resource) },
      containerResource: container && {
        name: textAt(container, 'name') ?? '',
        container: textAt(container, 'container') ?? '',
        current: resourceValueOf(container),
      },
      external: external && {
        metric: identifierOf(external, 'metricSelector'),
        current: metricValueOf(external, 'currentAverageValue'),
      },
    }),
  }
}

export const readCondition = (json: Json): autoscaling.v2.HorizontalPodAutoscalerCondition => ({
  type: textAt(json, 'type') ?? '',
  status: textAt(json, 'status') ?? '',
  ...present({
    lastTransitionTime: textAt(json, 'lastTransitionTime'),
    reason: textAt(json, 'reason'),
    message: textAt(json, 'message'),
  }),
})
