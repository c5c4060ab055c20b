import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import { internalError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from '../../admission.ts'
import { RequestViews } from '../../dynamic-admission/request-views.ts'
import type { ReviewedRequest } from '../../dynamic-admission/reviewed-request.ts'
import { askWebhook } from '../../dynamic-admission/webhooks/ask-webhook.ts'
import { isSelected, meetsConditions } from '../../dynamic-admission/webhooks/should-call.ts'
import type { Webhook } from '../../dynamic-admission/webhooks/webhook.ts'
import { CallingError, Rejection } from '../../dynamic-admission/webhooks/webhook-errors.ts'
import { WebhookMeasures } from '../../dynamic-admission/webhooks/webhook-measures.ts'
import type { WebhookPluginOptions } from '../../dynamic-admission/webhooks/webhook-plugin-options.ts'
import { WebhookSource } from '../../dynamic-admission/webhooks/webhook-source.ts'

const failedOpenKey = 'failed-open.validating.webhook.admission.k8s.io/'

interface Call {
  readonly webhook: Webhook
  readonly request: ReviewedRequest
}

/** Asks all webhooks at once; the first that says no counts (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/). */
export class ValidatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook'
  readonly #options: WebhookPluginOptions
  readonly #source: WebhookSource
  readonly #measures: WebhookMeasures

  constructor(options: WebhookPluginOptions) {
    this.#options = options
    this.#source = new WebhookSource('validate', options)
    this.#measures = new WebhookMeasures(options.host, options.metrics, 'validating')
  }

  handles(operation: AdmissionOperation, declaration: KindDeclaration, subresource: string): boolean {
    return this.#source.matching(operation, declaration, subresource).length > 0
  }

  onChange(changed: () => void): void {
    this.#source.onChange(changed)
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const calls: Call[] = []
    const views = new RequestViews(attributes, this.#options.forms)
    const { operation, declaration, subresource } = attributes
    for (const matching of this.#source.matching(operation, declaration, subresource)) {
      const { webhook } = matching
      if (!isSelected(webhook, attributes, attributes.object, this.#options.reader)) continue
      const request = await views.in(matching.declaration)
      if (await meetsConditions(webhook, request, 'validate', this.#options)) calls.push({ webhook, request })
    }
    const refusals = await Promise.all(calls.map((call, index) => this.#ask(call, index)))
    const refusal = refusals.find((error) => error !== undefined)
    if (refusal !== undefined) throw refusal
  }

  /** Gives why a request is refused. */
  async #ask({ webhook, request }: Call, index: number): Promise<unknown> {
    const { attributes } = request
    try {
      await this.#measures.measure(webhook, attributes, () => askWebhook(webhook, request, false))
      return undefined
    } catch (error) {
      if (error instanceof Rejection) return error.status
      if (!(error instanceof CallingError)) return error
      if (!webhook.ignoresFailures) return internalError(error.message)
      if (error.canceled) return undefined
      this.#measures.failedOpen(webhook)
      attributes.annotate(`${failedOpenKey}round_0_index_${index}`, webhook.name)
      this.#options.logger.warn('webhook failed, which its policy ignores', { error: error.message })
      return undefined
    }
  }
}
