import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { admissionregistration } from '../../generated/types/index.ts'

export const MutatingAdmissionPolicy = defineKind<admissionregistration.v1.MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  resource: 'mutatingadmissionpolicies',
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy',
  categories: ['api-extensions'],
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
