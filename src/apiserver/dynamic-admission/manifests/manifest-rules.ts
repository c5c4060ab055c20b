import { MutatingAdmissionPolicy } from '../../../api/admissionregistration/mutating-admission-policy/kind.ts'
import { MutatingAdmissionPolicyBinding } from '../../../api/admissionregistration/mutating-admission-policy-binding/kind.ts'
import { MutatingWebhookConfiguration } from '../../../api/admissionregistration/mutating-webhook-configuration/kind.ts'
import { staticSuffix } from '../../../api/admissionregistration/static-suffix.ts'
import { ValidatingAdmissionPolicy } from '../../../api/admissionregistration/validating-admission-policy/kind.ts'
import { ValidatingAdmissionPolicyBinding } from '../../../api/admissionregistration/validating-admission-policy-binding/kind.ts'
import { ValidatingWebhookConfiguration } from '../../../api/admissionregistration/validating-webhook-configuration/kind.ts'
import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { BindingObject, PolicyObject } from '../policies/policy-source.ts'
import type { WebhookConfiguration } from '../webhooks/webhook.ts'
import type { ManifestPlugin } from './manifest-folder.ts'
import type { ManifestReading, Manifests } from './read-manifests.ts'

/** What files may hold for one plugin. */
export interface ManifestRules extends Pick<ManifestReading, 'kinds' | 'scheme' | 'check'> {
  /** As messages call them. */
  readonly what: 'policy' | 'webhook'
  /** What is wrong with all of them together; throws an Error. */
  readonly checkAll: (manifests: Manifests) => void
}

const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''

/** Files are read before there is anybody who could say where a Service is. */
function checkWebhooks(object: KubernetesObject, _declaration: KindDeclaration, file: string): void {
  const { webhooks = [] }: WebhookConfiguration = object
  for (const { name, clientConfig } of webhooks) {
    const where = `webhook ${goQuote(name)} in ${goQuote(nameOf(object))} (file ${goQuote(file)})`
    const field = `${where}: clientConfig`
    if (clientConfig.service !== undefined)
      throw new Error(`${field}.service is not supported for static manifests; use clientConfig.url instead`)
    if ((clientConfig.url ?? '') === '') throw new Error(`${field}.url is required for static manifests`)
  }
}

const webhookRules = (kind: KindDeclaration): ManifestRules => ({
  what: 'webhook',
  kinds: [kind],
  scheme: 'pkg/admission/plugin/webhook/manifest/loader/loader.go:41',
  check: checkWebhooks,
  checkAll: () => {},
})

function checkBinding(binding: BindingObject): void {
  const { policyName = '', paramRef } = binding.spec ?? {}
  const who = `binding ${goQuote(nameOf(binding))}`
  if (policyName === '') throw new Error(`${who} must reference a policy (spec.policyName)`)
  if (!policyName.endsWith(staticSuffix))
    throw new Error(`${who}: spec.policyName ${goQuote(policyName)} must end with ${goQuote(staticSuffix)}`)
  if (paramRef !== undefined) throw new Error(`${who}: spec.paramRef is not supported for static manifests`)
}

/** Parameters are objects of the API: files would hang on it. */
function checkPolicy(policy: PolicyObject, kind: string): void {
  if (policy.spec?.paramKind !== undefined)
    throw new Error(
      `${kind} ${goQuote(nameOf(policy))}: spec.paramKind is not supported for static manifests`,
    )
}

const policyRules = (policies: KindDeclaration, bindings: KindDeclaration): ManifestRules => ({
  what: 'policy',
  kinds: [policies, bindings],
  scheme: 'pkg/admission/plugin/policy/manifest/loader/validating_loader.go:35',
  check: (object, declaration) =>
    declaration === policies ? checkPolicy(object, policies.kind) : checkBinding(object),
  checkAll: (manifests) => {
    const names = new Set((manifests.get(policies) ?? []).map(nameOf))
    for (const binding of manifests.get(bindings) ?? []) {
      const { spec }: BindingObject = binding
      if (!names.has(spec?.policyName ?? ''))
        throw new Error(
          `binding ${goQuote(nameOf(binding))} references policy ${goQuote(spec?.policyName ?? '')} which does not exist in the manifest directory`,
        )
    }
  },
})

export const manifestRules: Readonly<Record<ManifestPlugin, ManifestRules>> = {
  MutatingAdmissionPolicy: policyRules(MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding),
  MutatingAdmissionWebhook: webhookRules(MutatingWebhookConfiguration),
  ValidatingAdmissionPolicy: policyRules(ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding),
  ValidatingAdmissionWebhook: webhookRules(ValidatingWebhookConfiguration),
}
