import { present } from '../../defaulting.ts'
import type { autoscaling } from '../../generated/types/index.ts'
import { type Json, listAt, numberAt, objectAt, parseObject, quantityAt, textAt } from './json-readers.ts'

type Behavior = autoscaling.v2.HorizontalPodAutoscalerBehavior
type Rules = autoscaling.v2.HPAScalingRules

/** Upstream writes its internal type here, whose fields are upper-case and null where they are not set. */
function formatRules(rules: Rules | undefined): Json | null {
  if (rules === undefined) return null
  const { stabilizationWindowSeconds, selectPolicy, policies, tolerance } = rules
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds ?? null,
    SelectPolicy: selectPolicy ?? null,
    Policies:
      policies?.map(({ type, value, periodSeconds }) => ({
        Type: type,
        Value: value,
        PeriodSeconds: periodSeconds,
      })) ?? null,
    Tolerance: tolerance ?? null,
  }
}

export const formatBehavior = ({ scaleUp, scaleDown }: Behavior): string =>
  JSON.stringify({ ScaleUp: formatRules(scaleUp), ScaleDown: formatRules(scaleDown) })

function readRules(json: Json | undefined): Rules | undefined {
  if (json === undefined) return undefined
  const policies = listAt(json, 'Policies')?.map((policy) => ({
    type: textAt(policy, 'Type') ?? '',
    value: numberAt(policy, 'Value') ?? 0,
    periodSeconds: numberAt(policy, 'PeriodSeconds') ?? 0,
  }))
  return present<Rules>({
    stabilizationWindowSeconds: numberAt(json, 'StabilizationWindowSeconds'),
    selectPolicy: textAt(json, 'SelectPolicy'),
    policies,
    tolerance: quantityAt(json, 'Tolerance'),
  })
}

export function parseBehavior(text: string | undefined): Behavior | undefined {
  const json = text === undefined ? undefined : parseObject(text)
  if (json === undefined) return undefined
  const scaleUp = readRules(objectAt(json, 'ScaleUp'))
  const scaleDown = readRules(objectAt(json, 'ScaleDown'))
  return scaleUp === undefined && scaleDown === undefined ? undefined : present({ scaleUp, scaleDown })
}
