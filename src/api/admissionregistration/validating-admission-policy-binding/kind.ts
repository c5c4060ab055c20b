import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { admissionregistration } from '../../generated/types/index.ts'

export const ValidatingAdmissionPolicyBinding =
  defineKind<admissionregistration.v1.ValidatingAdmissionPolicyBinding>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    resource: 'validatingadmissionpolicybindings',
    namespaced: false,
    schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
    categories: ['api-extensions'],
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    columns: [nameColumn, ageColumn],
  })
