import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { isLongName, isPathSegmentName } from '../../../apimachinery/names.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { type FieldRule, validateDeclaratively } from '../../declarative-validation.ts'
import type { scheduling } from '../../generated/types/index.ts'
import { gatedGroupFields, groupFields, requiredShortName } from '../pod-group-rules.ts'

type Workload = scheduling.v1alpha2.Workload

const templates: FieldRule = {
  required: true,
  immutable: true,
  maxItems: 8,
  key: 'name',
  items: { fields: { name: requiredShortName, ...groupFields(false) } },
}

const specRules: FieldRule = {
  fields: {
    controllerRef: {
      immutable: true,
      fields: {
        apiGroup: { format: isLongName },
        kind: { required: true, format: isPathSegmentName },
        name: { required: true, format: isPathSegmentName },
      },
    },
    podGroupTemplates: templates,
  },
}

function validate(
  workload: Workload,
  old: Workload | undefined,
  { features }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const run = { features, isUpdate: old !== undefined }
  validateDeclaratively(workload.spec, old?.spec, specRules, fieldPath('spec'), run, errors)
  return errors
}

/** What pods of a workload are scheduled together. */
export const Workload = defineKind<Workload>({
  group: 'scheduling.k8s.io',
  version: 'v1alpha2',
  kind: 'Workload',
  resource: 'workloads',
  namespaced: true,
  schema: 'io.k8s.api.scheduling.v1alpha2.Workload',
  featureGate: 'GenericWorkload',
  gatedFields: gatedGroupFields('spec.podGroupTemplates[]'),
  validate,
  columns: [nameColumn, ageColumn],
})
