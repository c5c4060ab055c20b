import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { admissionregistration } from '../../generated/types/index.ts'

export const MutatingAdmissionPolicyBinding =
  defineKind<admissionregistration.v1.MutatingAdmissionPolicyBinding>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'MutatingAdmissionPolicyBinding',
    resource: 'mutatingadmissionpolicybindings',
    namespaced: false,
    schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding',
    categories: ['api-extensions'],
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    columns: [nameColumn, ageColumn],
  })
