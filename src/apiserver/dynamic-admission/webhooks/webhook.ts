import type { admissionregistration } from '../../../api/generated/types/index.ts'
import { expressionUses, PolicyCompiler, type PolicyEnvironments } from '../../../apimachinery/cel/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { Host } from '../../../base/host.ts'
import { WebhookClient, type WebhookOptions } from '../../webhooks/webhook-client.ts'
import type { AdmissionMetrics } from '../admission-metrics.ts'
import type { Rule } from '../candidates.ts'
import { MatchConditions } from '../match-conditions.ts'
import { Selection } from '../selection.ts'

/** A webhook of either kind; only mutating ones have a reinvocation policy. */
export type WebhookSpec = admissionregistration.v1.ValidatingWebhook &
  Pick<admissionregistration.v1.MutatingWebhook, 'reinvocationPolicy'>

export interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly WebhookSpec[]
}

export type WebhookType = 'admit' | 'validate'

export interface WebhookTools extends WebhookOptions {
  readonly metrics: AdmissionMetrics
  readonly environments: PolicyEnvironments
}

/** Upstream's, where a configuration does not say it. */
const defaultTimeoutSeconds = 10

/** One webhook of a configuration, ready to be matched and called. */
export class Webhook {
  readonly configuration: string
  /** Unique among all webhooks of its kind. */
  readonly uid: string
  readonly name: string
  readonly rules: readonly Rule[]
  readonly matchesEquivalents: boolean
  readonly selection: Selection
  readonly ignoresFailures: boolean
  readonly timeoutSeconds: number
  readonly reviewVersions: readonly string[]
  readonly reinvokes: boolean
  readonly toleratesDryRun: boolean
  readonly #spec: WebhookSpec
  readonly #type: WebhookType
  readonly #tools: WebhookTools
  #conditions: MatchConditions | undefined
  #client: WebhookClient | undefined

  constructor(configuration: string, uid: string, spec: WebhookSpec, type: WebhookType, tools: WebhookTools) {
    this.configuration = configuration
    this.uid = uid
    this.name = spec.name
    this.rules = spec.rules ?? []
    this.matchesEquivalents = spec.matchPolicy !== 'Exact'
    this.selection = new Selection(spec.namespaceSelector, spec.objectSelector)
    this.ignoresFailures = spec.failurePolicy === 'Ignore'
    this.timeoutSeconds = spec.timeoutSeconds ?? defaultTimeoutSeconds
    this.reviewVersions = spec.admissionReviewVersions
    this.reinvokes = spec.reinvocationPolicy === 'IfNeeded'
    this.toleratesDryRun = spec.sideEffects === 'None' || spec.sideEffects === 'NoneOnDryRun'
    this.#spec = spec
    this.#type = type
    this.#tools = tools
  }

  get host(): Host {
    return this.#tools.host
  }

  get client(): WebhookClient {
    this.#client ??= new WebhookClient(this.#spec.clientConfig, this.#tools)
    return this.#client
  }

  /** Compiled when a request first gets this far. */
  get conditions(): MatchConditions {
    this.#conditions ??= this.#compile()
    return this.#conditions
  }

  #compile(): MatchConditions {
    const { host, metrics, environments } = this.#tools
    const compiler = new PolicyCompiler(environments, { hasParams: false, hasVariables: false })
    return new MatchConditions({
      host,
      metrics,
      owner: { name: this.name, kind: 'webhook', type: this.#type },
      ignoresFailures: this.ignoresFailures,
      conditions: (this.#spec.matchConditions ?? []).map(({ expression }) => ({
        text: expression,
        compiled: compiler.compile(expression, expressionUses.matchCondition, 'stored'),
      })),
    })
  }
}

/** All webhooks of configurations, in the order in which they are called: by the configurations' names. `place` tells those of one place from those of others. */
export function webhooksOf(
  configurations: readonly WebhookConfiguration[],
  type: WebhookType,
  tools: WebhookTools,
  place = '',
): readonly Webhook[] {
  const nameOf = ({ metadata }: WebhookConfiguration): string => metadata?.name ?? ''
  const sorted = [...configurations].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  return sorted.flatMap((configuration) => {
    const name = nameOf(configuration)
    const seen = new Map<string, number>()
    return (configuration.webhooks ?? []).map((spec) => {
      const before = seen.get(spec.name) ?? 0
      seen.set(spec.name, before + 1)
      return new Webhook(name, `${place}${name}/${spec.name}/${before}`, spec, type, tools)
    })
  })
}
