import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fillUnset, mapSame, set } from '../../defaulting.ts'
import type { admissionregistration } from '../../generated/types/index.ts'
import { staticSuffixWarnings } from '../static-suffix.ts'
import { validateWebhooks } from '../validate-webhooks.ts'
import { defaultWebhook } from '../webhook-defaults.ts'

type Configuration = admissionregistration.v1.MutatingWebhookConfiguration

function defaultConfiguration(configuration: Configuration): Configuration {
  const { webhooks } = configuration
  if (webhooks === undefined) return configuration
  return set(
    configuration,
    'webhooks',
    mapSame(webhooks, (webhook) => fillUnset(defaultWebhook(webhook), { reinvocationPolicy: 'Never' })),
  )
}

export const MutatingWebhookConfiguration = defineKind<Configuration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
  changedMetadata: ['whole'],
  looseFinalizers: true,
  categories: ['api-extensions'],
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  defaults: defaultConfiguration,
  validate: (configuration, old) =>
    validateWebhooks(configuration.webhooks, old === undefined ? undefined : (old.webhooks ?? [])),
  warnings: staticSuffixWarnings,
  columns: [
    nameColumn,
    {
      name: 'Webhooks',
      type: 'integer',
      value: ({ webhooks }) => (webhooks ?? []).length,
    },
    ageColumn,
  ],
})
