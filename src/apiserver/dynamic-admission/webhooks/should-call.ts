import { forbidden, StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import type { Authorizer } from '../../authorizer.ts'
import type { ObjectReader } from '../../object-reader.ts'
import type { AdmissionMetrics } from '../admission-metrics.ts'
import { withAnswers } from '../request-authorizer.ts'
import { type ReviewedRequest, requestVariables } from '../reviewed-request.ts'
import type { Webhook, WebhookType } from './webhook.ts'

export interface CallConditions {
  readonly authorizer: Authorizer
  readonly reader: ObjectReader
  readonly metrics: AdmissionMetrics
}

/** Whether the selectors of a webhook whose rules match let a request through. Throws StatusError. */
export function isSelected(
  webhook: Webhook,
  attributes: AdmissionAttributes,
  object: ReviewedRequest['object'],
  reader: ObjectReader,
): boolean {
  const selected = webhook.selection.matches(attributes, object, reader)
  if (selected instanceof StatusError) throw selected
  return selected
}

/** Whether a webhook's match conditions hold. Rejects with Forbidden where that cannot be told. */
export async function meetsConditions(
  webhook: Webhook,
  request: ReviewedRequest,
  type: WebhookType,
  { authorizer, metrics }: CallConditions,
): Promise<boolean> {
  const { conditions, name } = webhook
  if (conditions.isEmpty) return true
  const { attributes } = request
  const variables = requestVariables(request, undefined, authorizer)
  const met = await withAnswers(() => conditions.match(variables, attributes.operation))
  if (typeof met !== 'boolean') {
    const { group, resource } = attributes.resource
    throw forbidden({ group, resource, name: attributes.name }, met.error)
  }
  if (!met) metrics.conditionExclusions.inc([name, 'webhook', type, attributes.operation])
  return met
}
