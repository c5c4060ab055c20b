import type { Value } from '../../../apimachinery/cel/index.ts'
import type { JsonValue, KubernetesObject } from '../../../apimachinery/meta.ts'
import { internalError, StatusError, statusError } from '../../../apimachinery/status-error.ts'
import { apiVersionOf } from '../../cache/layout.ts'
import { kindIn, type ObjectForms } from '../../dynamic-admission/object-forms.ts'
import type { ReviewedRequest } from '../../dynamic-admission/reviewed-request.ts'
import { applyPolicyConfiguration } from './apply-configuration.ts'
import { applyPolicyPatch } from './apply-json-patch.ts'
import type { PatchType } from './mutating-policy.ts'

/** What the decoder of bodies says in front. */
const handledAs = /^\S* in version "[^"]*" cannot be handled as a \w+: /

/** An object as one mutation of a policy makes it. Throws MutationError, or StatusError for what is beyond a policy. */
export function applyMutation(
  patchType: PatchType,
  made: Value,
  { attributes, declaration, object }: ReviewedRequest,
  forms: ObjectForms,
): KubernetesObject | undefined {
  if (object === undefined) return undefined
  const kind = kindIn(attributes, declaration)
  const accept = (json: JsonValue): KubernetesObject => {
    try {
      return forms.accept(json, kind, declaration, patchType === 'JSONPatch' ? 'Strict' : 'Ignore')
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      throw internalError(error.message.replace(handledAs, ''))
    }
  }
  if (patchType === 'JSONPatch') {
    const patched = applyPolicyPatch(object as unknown as JsonValue, made)
    return patched === undefined ? object : accept(patched)
  }
  const schema = forms.mergeSchema(kind, declaration)
  if (schema === undefined) {
    const what = `Resource kind ${apiVersionOf(kind)}, Kind=${kind.kind} not found`
    const why =
      'There can be a delay between when CustomResourceDefinitions are created and when they are available.'
    throw statusError('ServiceUnavailable', `${what}. ${why}`)
  }
  return accept(applyPolicyConfiguration(object, made, schema))
}
