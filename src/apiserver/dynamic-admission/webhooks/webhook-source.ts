import { MutatingWebhookConfiguration } from '../../../api/admissionregistration/mutating-webhook-configuration/kind.ts'
import { ValidatingWebhookConfiguration } from '../../../api/admissionregistration/validating-webhook-configuration/kind.ts'
import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import type { AdmissionOperation } from '../../admission.ts'
import { type TypedReader, typedReader } from '../../typed-reader.ts'
import { candidatesOf, type RequestForm } from '../candidates.ts'
import { isConfiguration } from '../exempt.ts'
import { FormMemory } from '../form-memory.ts'
import type { FollowedManifests } from '../manifests/followed-manifests.ts'
import type { ObjectForms } from '../object-forms.ts'
import {
  type Webhook,
  type WebhookConfiguration,
  type WebhookTools,
  type WebhookType,
  webhooksOf,
} from './webhook.ts'

const kinds = {
  admit: MutatingWebhookConfiguration,
  validate: ValidatingWebhookConfiguration,
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
  /** Absent: all webhooks are configured by the API. */
  readonly manifests?: FollowedManifests | undefined
}

/** The webhooks of one kind as they are configured now, by the forms of requests that their rules name. */
export class WebhookSource {
  readonly #options: WebhookSourceOptions
  readonly #type: WebhookType
  readonly #configurations: TypedReader<WebhookConfiguration>
  readonly #matching = new FormMemory((form) => this.#find(form))
  /** Those of files: also what configures webhooks is shown to them, as they can be mended without the API. */
  #manifests: readonly Webhook[]
  #webhooks: readonly Webhook[] | undefined

  constructor(type: WebhookType, options: WebhookSourceOptions) {
    this.#type = type
    this.#options = options
    this.#configurations = typedReader<WebhookConfiguration>(options.reader, kinds[type])
    this.#manifests = this.#ofManifests()
  }

  onChange(changed: () => void): void {
    const forget = (): void => {
      this.#webhooks = undefined
      this.#matching.clear()
      changed()
    }
    this.#configurations.onChange(forget)
    this.#options.manifests?.onChange(() => {
      this.#manifests = this.#ofManifests()
      forget()
    })
  }

  #ofManifests(): readonly Webhook[] {
    const configurations: readonly WebhookConfiguration[] =
      this.#options.manifests?.of(kinds[this.#type]) ?? []
    return webhooksOf(configurations, this.#type, this.#options, 'manifest/')
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
    const webhooks = isConfiguration(declaration) ? this.#manifests : this.#all()
    if (webhooks.length === 0) return []
    const equivalents = this.#options.forms.equivalents(declaration, subresource)
    return webhooks.flatMap((webhook, index) => {
      const [found] = candidatesOf(webhook.rules, form, webhook.matchesEquivalents ? equivalents : [])
      return found === undefined ? [] : [{ webhook, declaration: found.declaration, index }]
    })
  }

  /** Those of files first. */
  #all(): readonly Webhook[] {
    this.#webhooks ??= [
      ...this.#manifests,
      ...webhooksOf(this.#configurations.list(), this.#type, this.#options),
    ]
    return this.#webhooks
  }
}
