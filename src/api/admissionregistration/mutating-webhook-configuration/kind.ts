import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { admissionregistration } from '../../generated/types/index.ts'

export const MutatingWebhookConfiguration = defineKind<admissionregistration.v1.MutatingWebhookConfiguration>(
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'MutatingWebhookConfiguration',
    resource: 'mutatingwebhookconfigurations',
    namespaced: false,
    schema: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
    categories: ['api-extensions'],
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    columns: [nameColumn, ageColumn],
  },
)
