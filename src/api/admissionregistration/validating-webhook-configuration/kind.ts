import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { admissionregistration } from '../../generated/types/index.ts'

export const ValidatingWebhookConfiguration =
  defineKind<admissionregistration.v1.ValidatingWebhookConfiguration>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'ValidatingWebhookConfiguration',
    resource: 'validatingwebhookconfigurations',
    namespaced: false,
    schema: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
    categories: ['api-extensions'],
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    columns: [nameColumn, ageColumn],
  })
