import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import { goJson, safeForHtml } from '../../../apimachinery/go-text.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { internalError } from '../../../apimachinery/status-error.ts'
import { isRecord } from '../../../base/is-record.ts'
import { jsonText } from '../../../base/json-text.ts'
import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from '../../admission.ts'
import { ReinvocationsByRequest } from '../../dynamic-admission/reinvocations.ts'
import { shownIn } from '../../dynamic-admission/request-views.ts'
import type { ReviewedRequest } from '../../dynamic-admission/reviewed-request.ts'
import { askWebhook } from '../../dynamic-admission/webhooks/ask-webhook.ts'
import { patchObject } from '../../dynamic-admission/webhooks/patch-object.ts'
import { isSelected, meetsConditions } from '../../dynamic-admission/webhooks/should-call.ts'
import { CallingError, Rejection } from '../../dynamic-admission/webhooks/webhook-errors.ts'
import { requestTimedOut, WebhookMeasures } from '../../dynamic-admission/webhooks/webhook-measures.ts'
import type { WebhookPluginOptions } from '../../dynamic-admission/webhooks/webhook-plugin-options.ts'
import { type MatchingWebhook, WebhookSource } from '../../dynamic-admission/webhooks/webhook-source.ts'

const annotationPrefix = 'mutation.webhook.admission.k8s.io/'
const patchPrefix = 'patch.webhook.admission.k8s.io/'

/** An operation's members in Go's order, which sorts the keys of maps. */
const inOrder = (operation: unknown): unknown =>
  isRecord(operation)
    ? Object.fromEntries(Object.entries(operation).sort(([a], [b]) => (a < b ? -1 : 1)))
    : operation

/** The object on its way through the webhooks, in the version in which the last of them saw it. */
interface Current {
  readonly declaration: KindDeclaration
  readonly object: KubernetesObject | undefined
}

/** Lets webhooks change what is written, one after the other (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/). */
export class MutatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook'
  readonly #options: WebhookPluginOptions
  readonly #source: WebhookSource
  readonly #measures: WebhookMeasures
  readonly #reinvocations = new ReinvocationsByRequest()

  constructor(options: WebhookPluginOptions) {
    this.#options = options
    this.#source = new WebhookSource('admit', options)
    this.#measures = new WebhookMeasures(options.host, options.metrics, 'admit')
  }

  handles(operation: AdmissionOperation, declaration: KindDeclaration, subresource: string): boolean {
    return this.#source.matching(operation, declaration, subresource).length > 0
  }

  onChange(changed: () => void): void {
    this.#source.onChange(changed)
  }

  async mutate(attributes: AdmissionAttributes, object: KubernetesObject): Promise<KubernetesObject> {
    return (await this.#run(attributes, object)) ?? object
  }

  async mutateDeletion(attributes: AdmissionAttributes): Promise<void> {
    await this.#run(attributes, undefined)
  }

  async #run(
    attributes: AdmissionAttributes,
    object: KubernetesObject | undefined,
  ): Promise<KubernetesObject | undefined> {
    const { operation, declaration, subresource, oldObject } = attributes
    const { forms, reader } = this.#options
    const reinvocations = this.#reinvocations.of(attributes)
    reinvocations.start(attributes, object)
    let current: Current = { declaration, object }
    for (const matching of this.#source.matching(operation, declaration, subresource)) {
      const { webhook } = matching
      if (!isSelected(webhook, attributes, current.object, reader)) continue
      const shown = await shownIn(
        attributes,
        current.object,
        current.declaration,
        matching.declaration,
        forms,
      )
      const old = await shownIn(attributes, oldObject, declaration, matching.declaration, forms)
      current = { declaration: matching.declaration, object: shown }
      const request = { attributes, ...current, oldObject: old }
      if (!(await meetsConditions(webhook, request, 'admit', this.#options))) continue
      if (!reinvocations.isCalled(attributes, webhook.uid)) continue
      const changed = await this.#call(matching, request)
      if (changed !== undefined) {
        if (!semanticallyEqual(changed, shown)) {
          reinvocations.requireAll()
          attributes.reinvoke()
        }
        current = { ...current, object: changed }
      }
      if (webhook.reinvokes) reinvocations.invoked(webhook.uid)
    }
    const result = await shownIn(attributes, current.object, current.declaration, declaration, forms)
    reinvocations.finish(result)
    return result
  }

  /** Gives what the webhook makes of the object; undefined: it leaves it as it is. Throws StatusError. */
  async #call(
    { webhook, index }: MatchingWebhook,
    request: ReviewedRequest,
  ): Promise<KubernetesObject | undefined> {
    const { attributes, object } = request
    const place = `round_${attributes.round}_index_${index}`
    const asked = { configuration: webhook.configuration, webhook: webhook.name }
    let mutated = false
    try {
      return await this.#measures.measure(webhook, attributes, async () => {
        const answer = await askWebhook(webhook, request, true)
        const patched = patchObject(webhook.name, answer, request, this.#options.forms)
        if (patched === undefined) return undefined
        mutated = !semanticallyEqual(patched.object, object)
        attributes.annotateSent(`${patchPrefix}${place}`, () => {
          const patch = patched.operations.map(inOrder)
          return safeForHtml(jsonText({ ...asked, patch, patchType: 'JSONPatch' }))
        })
        return patched.object
      })
    } catch (error) {
      if (error instanceof Rejection) throw error.status
      if (!(error instanceof CallingError)) throw error
      if (!webhook.ignoresFailures) throw internalError(error.message)
      if (error.canceled) throw requestTimedOut()
      this.#measures.failedOpen(webhook)
      attributes.annotate(`failed-open.${annotationPrefix}${place}`, webhook.name)
      this.#options.logger.warn('webhook failed, which its policy ignores', { error: error.message })
      return undefined
    } finally {
      attributes.annotate(`${annotationPrefix}${place}`, goJson({ ...asked, mutated }))
    }
  }
}
