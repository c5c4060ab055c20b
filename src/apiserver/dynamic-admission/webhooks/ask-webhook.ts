import { StatusError } from '../../../apimachinery/status-error.ts'
import { jsonText } from '../../../base/json-text.ts'
import { flawAnnotation } from '../../connect/certificate-flaw.ts'
import { newUid } from '../../rest/names.ts'
import { annotateForeign } from '../annotate-foreign.ts'
import { type ReviewedRequest, requestFields } from '../reviewed-request.ts'
import { type ReviewAnswer, reviewAnswer } from './review-answer.ts'
import type { Webhook } from './webhook.ts'
import { CallingError, dryRunUnsupported, Rejection, rejectionStatus } from './webhook-errors.ts'

const known = ['v1', 'v1beta1']
const noKnownVersion =
  'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)'
/** What a failure without an answer counts as. */
const unavailable = 503

/**
 * Shows a request to a webhook and passes on what it wants clients and auditors to know; gives an answer that allows.
 * Rejects with CallingError, Rejection, or StatusError where the webhook must not be asked.
 */
export async function askWebhook(
  webhook: Webhook,
  request: ReviewedRequest,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  const { attributes, object = null, oldObject = null } = request
  const { name, client, timeoutSeconds } = webhook
  if (attributes.dryRun && !webhook.toleratesDryRun) throw dryRunUnsupported(name)
  const version = webhook.reviewVersions.find((candidate) => known.includes(candidate))
  if (version === undefined) throw new CallingError(name, noKnownVersion, 400)
  const uid = newUid(webhook.host)
  const review = {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: { uid, ...requestFields(request), object, oldObject },
  }
  let answer: unknown
  const startedMs = webhook.host.monotonicMs()
  try {
    answer = await client.post(review, timeoutSeconds, {
      cancelled: attributes.signal,
      flawed: (flaw) => attributes.annotate(...flawAnnotation(flaw, client.host)),
    })
  } catch (error) {
    const { aborted } = attributes.signal
    const why = aborted ? 'context canceled' : error instanceof Error ? error.message : jsonText(error)
    const code = error instanceof StatusError ? error.code : unavailable
    throw new CallingError(name, `failed to call webhook: ${why}`, code, aborted)
  } finally {
    const stage = isMutating ? 'mutating-webhook' : 'validating-webhook'
    attributes.took(stage, webhook.host.monotonicMs() - startedMs)
  }
  const said = verified(webhook, answer, version, uid, isMutating)
  for (const [key, value] of Object.entries(said.auditAnnotations))
    annotateForeign(attributes, `${name}/${key}`, value)
  for (const warning of said.warnings) attributes.warn(warning)
  if (!said.allowed) throw new Rejection(rejectionStatus(name, said.result))
  return said
}

function verified(
  { name }: Webhook,
  answer: unknown,
  version: string,
  uid: string,
  isMutating: boolean,
): ReviewAnswer {
  try {
    return reviewAnswer(answer, version, uid, isMutating)
  } catch (error) {
    const why = error instanceof Error ? error.message : jsonText(error)
    throw new CallingError(name, `received invalid webhook response: ${why}`, unavailable)
  }
}
