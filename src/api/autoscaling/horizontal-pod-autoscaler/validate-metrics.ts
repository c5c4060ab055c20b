import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { checkLabelName, checkText } from '../../checks.ts'
import { validateContainerResourceName } from '../../core/pod/validation/validate-resources.ts'
import type { autoscaling } from '../../generated/types/index.ts'
import { type ApiVersionRule, validateReference } from './validate-reference.ts'

type Metric = autoscaling.v2.MetricSpec
type Target = Partial<autoscaling.v2.MetricTarget>

/** The field of each type, in the order in which upstream looks at them. */
const sourceOfType = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const

type Source = (typeof sourceOfType)[keyof typeof sourceOfType]

const types: readonly string[] = Object.keys(sourceOfType).sort()
const sources: readonly Source[] = Object.values(sourceOfType)
const targetTypes: readonly string[] = ['Utilization', 'Value', 'AverageValue']

function validateTarget(target: Target, path: FieldPath, errors: FieldError[]): void {
  const { type = '', averageUtilization: utilization } = target
  if (type === '') errors.push(required(path.child('type'), 'must specify a metric target type'))
  if (!targetTypes.includes(type))
    errors.push(invalidValue(path.child('type'), type, 'must be either Utilization, Value, or AverageValue'))
  for (const field of ['value', 'averageValue'] as const) {
    const value = target[field]
    if (value !== undefined && compareQuantities(value, '0') <= 0)
      errors.push(invalidValue(path.child(field), value, 'must be positive'))
  }
  if (utilization !== undefined && utilization < 1)
    errors.push(invalidValue(path.child('averageUtilization'), utilization, 'must be greater than 0'))
}

function validateIdentifier(
  { name = '' }: Partial<autoscaling.v2.MetricIdentifier>,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (name === '') errors.push(required(path.child('name'), 'must specify a metric name'))
  else checkText(name, isPathSegmentName, path.child('name'), errors)
}

/** Of a resource either the amount or the share of what is requested is aimed at. */
function validateResourceTarget(target: Target, path: FieldPath, errors: FieldError[]): void {
  validateTarget(target, path, errors)
  const { averageUtilization, averageValue } = target
  if (averageUtilization === undefined && averageValue === undefined) {
    const detail = 'must set either a target raw value or a target utilization'
    errors.push(required(path.child('averageUtilization'), detail))
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target raw value and a target utilization'
    errors.push(fieldForbidden(path.child('averageValue'), detail))
  }
}

type Check<S> = (source: S, path: FieldPath, errors: FieldError[], rule: ApiVersionRule) => void

const checks: { readonly [K in Source]: Check<NonNullable<Metric[K]>> } = {
  object: (source, path, errors, rule) => {
    validateReference(source.describedObject, rule, path.child('describedObject'), errors)
    validateIdentifier(source.metric ?? {}, path.child('metric'), errors)
    const target: Target = source.target ?? {}
    validateTarget(target, path.child('target'), errors)
    const detail = 'must set either a target value or averageValue'
    if (target.value === undefined && target.averageValue === undefined)
      errors.push(required(path.child('target.averageValue'), detail))
  },
  external: (source, path, errors) => {
    validateIdentifier(source.metric ?? {}, path.child('metric'), errors)
    const target: Target = source.target ?? {}
    validateTarget(target, path.child('target'), errors)
    const { value, averageValue } = target
    if (value === undefined && averageValue === undefined) {
      const detail = 'must set either a target value for metric or a per-pod target'
      errors.push(required(path.child('target.averageValue'), detail))
    }
    if (value !== undefined && averageValue !== undefined) {
      const detail = 'may not set both a target value for metric and a per-pod target'
      errors.push(fieldForbidden(path.child('target.value'), detail))
    }
  },
  pods: (source, path, errors) => {
    validateIdentifier(source.metric ?? {}, path.child('metric'), errors)
    const target: Target = source.target ?? {}
    validateTarget(target, path.child('target'), errors)
    if (target.averageValue === undefined)
      errors.push(required(path.child('target.averageValue'), 'must specify a positive target averageValue'))
  },
  resource: (source, path, errors) => {
    if ((source.name ?? '') === '') errors.push(required(path.child('name'), 'must specify a resource name'))
    validateResourceTarget(source.target ?? {}, path.child('target'), errors)
  },
  containerResource: (source, path, errors) => {
    const { name = '', container = '' } = source
    if (name === '') errors.push(required(path.child('name'), 'must specify a resource name'))
    else validateContainerResourceName(name, path.child('name'), errors)
    if (container === '') errors.push(required(path.child('container'), 'must specify a container'))
    else checkLabelName(container, path.child('container'), errors)
    validateResourceTarget(source.target ?? {}, path.child('target'), errors)
  },
}

function runCheck<K extends Source>(
  name: K,
  metric: Metric,
  rule: ApiVersionRule,
  path: FieldPath,
  errors: FieldError[],
): void {
  const source = metric[name]
  if (source !== undefined) checks[name](source, path.child(name), errors, rule)
}

const isType = (type: string): type is keyof typeof sourceOfType => type in sourceOfType

function validateMetric(metric: Metric, rule: ApiVersionRule, path: FieldPath, errors: FieldError[]): void {
  const { type = '' } = metric
  const where = path.child('type')
  if (type === '') errors.push(required(where, 'must specify a metric source type'))
  if (!isType(type)) errors.push(notSupported(where, type, types))
  const given = sources.filter((source) => metric[source] !== undefined)
  const [first] = given
  if (first !== undefined) runCheck(first, metric, rule, path, errors)
  const expected = isType(type) ? sourceOfType[type] : undefined
  if (expected === undefined) errors.push(notSupported(where, type, types))
  else if (metric[expected] === undefined) {
    const detail = 'must populate information for the given metric source'
    errors.push(required(path.child(expected), detail))
  }
  if (given.length === 1) return
  for (const source of given.filter((name) => name !== expected))
    errors.push(fieldForbidden(path.child(source), 'must populate the given metric source only'))
}

/** `rule` is for the objects that metrics are about. */
export function validateMetrics(
  { metrics = [], minReplicas }: Partial<autoscaling.v2.HorizontalPodAutoscalerSpec>,
  rule: ApiVersionRule,
  path: FieldPath,
  errors: FieldError[],
): void {
  metrics.forEach((metric, index) => {
    validateMetric(metric, rule, path.index(index), errors)
  })
  const wakes = metrics.some(({ type }) => type === 'Object' || type === 'External')
  if (minReplicas !== 0 || wakes) return
  const detail = 'must specify at least one Object or External metric to support scaling to zero replicas'
  errors.push(fieldForbidden(path, detail))
}
