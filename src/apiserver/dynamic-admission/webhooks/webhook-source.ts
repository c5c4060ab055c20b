import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import type { AdmissionOperation } from '../../admission.ts'
import { type TypedReader, typedReader } from '../../typed-reader.ts'
import { candidatesOf, type RequestForm } from '../candidates.ts'
import { isConfiguration } from '../exempt.ts'
import { FormMemory } from '../form-memory.ts'
import type { ObjectForms } from '../object-forms.ts'
import {
  type Webhook,
  type WebhookConfiguration,
  type WebhookTools,
  type WebhookType,
  webhooksOf,
} from './webhook.ts'

const resources = {
  admit: 'mutatingwebhookconfigurations',
  validate: 'validatingwebhookconfigurations',
} as const

/** A webhook whose rules name a form of requests, in one of its versions. */
export interface MatchingWebhook {
  readonly webhook: Webhook
  readonly declaration: KindDeclaration
  /** Its place among all webhooks. */
  readonly index: number
}

export interface WebhookSourceOptions extends WebhookTools {
  readonly forms: ObjectForms
}

/** The webhooks of one kind as they are configured now, by the forms of requests that their rules name. */
export class WebhookSource {
  readonly #options: WebhookSourceOptions
  readonly #type: WebhookType
  readonly #configurations: TypedReader<WebhookConfiguration>
  readonly #matching = new FormMemory((form) => this.#find(form))
  #webhooks: readonly Webhook[] | undefined

  constructor(type: WebhookType, options: WebhookSourceOptions) {
    this.#type = type
    this.#options = options
    this.#configurations = typedReader<WebhookConfiguration>(options.reader, {
      group: 'admissionregistration.k8s.io',
      resource: resources[type],
    })
  }

  onChange(changed: () => void): void {
    this.#configurations.onChange(() => {
      this.#webhooks = undefined
      this.#matching.clear()
      changed()
    })
  }

  matching(
    operation: AdmissionOperation,
    declaration: KindDeclaration,
    subresource: string,
  ): readonly MatchingWebhook[] {
    return this.#matching.of({ operation, declaration, subresource })
  }

  #find(form: RequestForm): readonly MatchingWebhook[] {
    const { declaration, subresource } = form
    if (isConfiguration(declaration)) return []
    this.#webhooks ??= webhooksOf(this.#configurations.list(), this.#type, this.#options)
    if (this.#webhooks.length === 0) return []
    const equivalents = this.#options.forms.equivalents(declaration, subresource)
    return this.#webhooks.flatMap((webhook, index) => {
      const [found] = candidatesOf(webhook.rules, form, webhook.matchesEquivalents ? equivalents : [])
      return found === undefined ? [] : [{ webhook, declaration: found.declaration, index }]
    })
  }
}
