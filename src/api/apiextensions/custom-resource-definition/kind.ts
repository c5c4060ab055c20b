import { carryOver, defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { fill, set } from '../../defaulting.ts'
import type { apiextensions } from '../../generated/types/index.ts'
import { defaultWebhookClient } from '../../webhook-client.ts'
import { cleanupFinalizer, type Definition, withCondition } from './definition-state.ts'
import { nameComplaints, validateDefinition } from './validate.ts'

type Spec = apiextensions.v1.CustomResourceDefinitionSpec

function withDefaultClient(spec: Spec): Spec {
  const { conversion } = spec
  const webhook = conversion?.webhook
  if (conversion === undefined || webhook?.clientConfig === undefined) return spec
  const clientConfig = defaultWebhookClient(webhook.clientConfig)
  return set(spec, 'conversion', set(conversion, 'webhook', set(webhook, 'clientConfig', clientConfig)))
}

function defaultDefinition(definition: Definition): Definition {
  if (definition.spec === undefined) return definition
  const { kind = '' } = definition.spec.names ?? {}
  const names = fill(definition.spec.names ?? {}, {
    singular: kind.toLowerCase(),
    ...(kind === '' ? {} : { listKind: `${kind}List` }),
  })
  const spec = fill(set(definition.spec, 'names', names), { conversion: { strategy: 'None' } })
  return withStoredVersion(set(definition, 'spec', withDefaultClient(spec)), false)
}

const newStatus = { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: null }

/** Objects are stored in this version, and remembered to have been. */
function withStoredVersion(definition: Definition, always: boolean): Definition {
  const stored = definition.status?.storedVersions ?? []
  const version = definition.spec?.versions?.find(({ storage }) => storage)?.name
  if (version === undefined || stored.includes(version) || (!always && stored.length > 0)) return definition
  return { ...definition, status: { ...definition.status, storedVersions: [...stored, version] } }
}

function prepareForUpdate(definition: Definition, old: Definition, context: WriteContext): Definition {
  const kept = carryOver(definition, old, context)
  return context.subresource === 'status' ? kept : withStoredVersion(kept, true)
}

/** The first DELETE: instances go before their definition does. */
function markTerminating(definition: Definition, nowMs: number): Definition {
  const { metadata } = definition
  const finalizers = metadata?.finalizers ?? []
  const held = finalizers.includes(cleanupFinalizer) ? finalizers : [...finalizers, cleanupFinalizer]
  const condition = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  } as const
  return withCondition({ ...definition, metadata: { ...metadata, finalizers: held } }, condition, nowMs)
}

export const CustomResourceDefinition = defineKind<Definition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  resource: 'customresourcedefinitions',
  namespaced: false,
  storedAsJson: true,
  schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  resetFields: { status: ['metadata', 'spec'] },
  subresources: { status: {} },
  storagePrefix: 'apiextensions.k8s.io/customresourcedefinitions',
  hasGeneration: true,
  looseFinalizers: true,
  nameRule: 'path-segment',
  nameComplaints,
  allowUnconditionalUpdate: false,
  defaults: defaultDefinition,
  prepareForCreate: (definition) => withStoredVersion({ ...definition, status: newStatus }, true),
  prepareForUpdate,
  terminating: markTerminating,
  validate: validateDefinition,
})
