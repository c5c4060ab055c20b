import { DecodeError } from '../../../apimachinery/codec/decode-error.ts'
import { parseJson } from '../../../apimachinery/codec/json-parse.ts'
import { resolveExactly } from '../../../apimachinery/codec/number-literal.ts'
import type { JsonValue, KubernetesObject } from '../../../apimachinery/meta.ts'
import { applyJsonPatch } from '../../../apimachinery/patch/json-patch.ts'
import { jsonPatchOperations } from '../../../apimachinery/patch/json-patch-body.ts'
import { PatchError } from '../../../apimachinery/patch/patch-error.ts'
import { internalError, StatusError } from '../../../apimachinery/status-error.ts'
import { decodeBase64 } from '../../../base/base64.ts'
import { messageOf } from '../../../base/message-of.ts'
import { kindIn, type ObjectForms } from '../object-forms.ts'
import type { ReviewedRequest } from '../reviewed-request.ts'
import type { ReviewAnswer } from './review-answer.ts'
import { CallingError } from './webhook-errors.ts'

/** What the decoder of bodies says in front. */
const handledAs = /^\S* in version "[^"]*" cannot be handled as a \w+: /

function operationsOf(patch: string): readonly JsonValue[] {
  const { value, exact } = parseJson(new TextDecoder().decode(decodeBase64(patch)))
  return jsonPatchOperations((exact === undefined ? value : resolveExactly(value)) as JsonValue)
}

export interface Patched {
  readonly object: KubernetesObject
  readonly operations: readonly JsonValue[]
}

/** The object as the webhook's patch makes it; undefined where it says nothing. Throws StatusError and CallingError. */
export function patchObject(
  webhook: string,
  { patch, patchType }: ReviewAnswer,
  { attributes, declaration, object }: ReviewedRequest,
  forms: ObjectForms,
): Patched | undefined {
  if (patch === '') return undefined
  let operations: readonly JsonValue[]
  try {
    operations = operationsOf(patch)
  } catch (error) {
    const why = error instanceof DecodeError || error instanceof PatchError ? error.message : messageOf(error)
    throw new CallingError(webhook, `received undecodable patch in webhook response: ${why}`, 503)
  }
  if (operations.length === 0) return undefined
  if (object === undefined) {
    const quoted = JSON.stringify(webhook)
    const what = 'attempted to modify the object, which is not supported for this operation'
    throw internalError(`admission webhook ${quoted} ${what}`)
  }
  if (patchType !== 'JSONPatch')
    throw new CallingError(webhook, `unsupported patch type ${JSON.stringify(patchType)}`, 400)
  try {
    const patched = applyJsonPatch(object as unknown as JsonValue, operations)
    return { object: forms.accept(patched, kindIn(attributes, declaration), declaration), operations }
  } catch (error) {
    if (!(error instanceof PatchError) && !(error instanceof StatusError)) throw error
    throw internalError(error.message.replace(handledAs, ''))
  }
}
