import { type Column, defineKind } from '../../../apimachinery/define-kind.ts'
import { fill, set } from '../../defaulting.ts'
import type { autoscaling } from '../../generated/types/index.ts'
import { autoscalerColumns } from './columns.ts'
import { type OldAutoscaler, toNewAutoscaler, toOldAutoscaler } from './conversion.ts'
import { HorizontalPodAutoscaler } from './kind.ts'

function converted({
  since: _never,
  value,
  ...column
}: Column<autoscaling.v2.HorizontalPodAutoscaler>): Column<OldAutoscaler> {
  return { ...column, value: (object, nowMs) => value(toNewAutoscaler(object), nowMs) }
}

/** The older version: one target, everything else in annotations. What it is checked for is the newer one's. */
export const HorizontalPodAutoscalerV1 = defineKind<OldAutoscaler>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: { status: {} },
  stored: {
    version: { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' },
    toStored: toNewAutoscaler,
    fromStored: toOldAutoscaler,
  },
  // Through the newer version, whose default metric is a field here.
  defaults: (autoscaler) =>
    toOldAutoscaler(
      toNewAutoscaler(set(autoscaler, 'spec', fill(autoscaler.spec ?? {}, { minReplicas: 1 }))),
    ),
  prepareForCreate: (autoscaler, context) =>
    toOldAutoscaler(HorizontalPodAutoscaler.prepareForCreate(toNewAutoscaler(autoscaler), context)),
  prepareForUpdate: (autoscaler, old, context) =>
    toOldAutoscaler(
      HorizontalPodAutoscaler.prepareForUpdate(toNewAutoscaler(autoscaler), toNewAutoscaler(old), context),
    ),
  validate: (autoscaler, old, context) =>
    HorizontalPodAutoscaler.validate(
      toNewAutoscaler(autoscaler),
      old === undefined ? undefined : toNewAutoscaler(old),
      context,
    ),
  columns: autoscalerColumns.map(converted),
})
