import { validateConditions } from '../../../apimachinery/condition-validation.ts'
import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { isLongName } from '../../../apimachinery/names.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { type FieldRule, validateDeclaratively } from '../../declarative-validation.ts'
import { fill, set } from '../../defaulting.ts'
import type { scheduling } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import {
  claimStatusRules,
  gatedClaimStatuses,
  gatedGroupFields,
  groupFields,
  requiredShortName,
} from '../pod-group-rules.ts'

type PodGroup = scheduling.v1alpha2.PodGroup

const specRules: FieldRule = {
  fields: {
    podGroupTemplateRef: {
      immutable: true,
      union: ['workload'],
      fields: {
        workload: {
          fields: {
            workloadName: { required: true, format: isLongName },
            podGroupTemplateName: requiredShortName,
          },
        },
      },
    },
    ...groupFields(true),
  },
}

const statusRules: FieldRule = { fields: { resourceClaimStatuses: claimStatusRules } }

function validateStatus({ spec, status }: PodGroup, errors: FieldError[]): void {
  const path = fieldPath('status')
  validateConditions(status?.conditions, path.child('conditions'), errors)
  const names = new Set((spec?.resourceClaims ?? []).map(({ name }) => name))
  status?.resourceClaimStatuses?.forEach(({ name }, index) => {
    if (names.has(name)) return
    const where = path.child('resourceClaimStatuses').index(index).child('name')
    errors.push(invalidValue(where, name, 'must match the name of an entry in `spec.resourceClaims`'))
  })
}

function validate(
  group: PodGroup,
  old: PodGroup | undefined,
  { subresource, features }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const run = { features, isUpdate: old !== undefined }
  if (old !== undefined && subresource === 'status') validateStatus(group, errors)
  validateDeclaratively(group.spec, old?.spec, specRules, fieldPath('spec'), run, errors)
  validateDeclaratively(group.status, old?.status, statusRules, fieldPath('status'), run, errors)
  return errors
}

function statusOf({ status }: PodGroup): string {
  const last = (type: string) => (status?.conditions ?? []).findLast((each) => each.type === type)
  const disruption = last('DisruptionTarget')
  if (disruption !== undefined) return disruption.reason
  const scheduled = last('PodGroupScheduled')
  if (scheduled === undefined) return 'Pending'
  return scheduled.status === 'True' ? 'Scheduled' : 'Unschedulable'
}

/** Pods that are scheduled together. */
export const PodGroup = defineKind<PodGroup>({
  group: 'scheduling.k8s.io',
  version: 'v1alpha2',
  kind: 'PodGroup',
  resource: 'podgroups',
  namespaced: true,
  schema: 'io.k8s.api.scheduling.v1alpha2.PodGroup',
  featureGate: 'GenericWorkload',
  subresources: { status: {} },
  defaults: (group) => set(group, 'spec', fill(group.spec ?? {}, { disruptionMode: 'Pod' })),
  gatedFields: [...gatedGroupFields('spec'), gatedClaimStatuses],
  prepareForUpdate: carryOverMetadata,
  validate,
  columns: [
    nameColumn,
    {
      name: 'Policy',
      type: 'string',
      value: ({ spec }) => (spec?.schedulingPolicy?.gang === undefined ? 'Basic' : 'Gang'),
    },
    {
      name: 'Workload',
      type: 'string',
      value: ({ spec }) => spec?.podGroupTemplateRef?.workload?.workloadName ?? '<none>',
    },
    { name: 'Status', type: 'string', value: statusOf },
    ageColumn,
  ],
})
