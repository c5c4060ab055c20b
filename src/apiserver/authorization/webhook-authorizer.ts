import type { authorization } from '../../api/generated/types/index.ts'
import { AnswerCache } from '../../base/answer-cache.ts'
import type { Host } from '../../base/host.ts'
import { isRecord } from '../../base/is-record.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { OutsideCaller } from '../outside/outside-caller.ts'
import { type AttemptResult, ReviewPoster } from '../outside/review-poster.ts'
import type { AuthorizationMetrics } from './authorization-metrics.ts'
import { type ReviewCondition, ReviewConditions } from './review-conditions.ts'
import { reviewSelectors } from './selector-attributes.ts'

type Spec = authorization.v1.SubjectAccessReviewSpec
type Status = authorization.v1.SubjectAccessReviewStatus

/** What a webhook is told and how its answers count. Times are milliseconds. */
export interface WebhookSettings {
  readonly name: string
  readonly url: string
  readonly reviewVersion: 'v1' | 'v1beta1'
  /** 0: asked each time. */
  readonly allowedLifeMs: number
  readonly deniedLifeMs: number
  readonly timeoutMs: number
  /** Where it cannot be asked. */
  readonly onFailure: 'deny' | 'no-opinion'
  readonly conditions: readonly ReviewCondition[]
}

export interface WebhookAuthorizerOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: AuthorizationMetrics
  readonly caller: OutsideCaller
  readonly settings: WebhookSettings
}

/** Upstream's numbers: answers that are kept, and how much of a question the client may say until none is. */
const maxAnswers = 8192
const maxAskedLength = 10_000

const noOpinion: AuthorizerDecision = { decision: 'no-opinion', reason: '' }

function specOf(attributes: AuthorizerAttributes): Spec {
  const { user, verb, isResourceRequest, path } = attributes
  const { namespace, group, version, resource, subresource, name } = attributes
  const about = Object.entries({ namespace, verb, group, version, resource, subresource, name })
  const { extra } = user
  return {
    ...(isResourceRequest
      ? {
          resourceAttributes: {
            ...Object.fromEntries(about.filter(([, value]) => value !== '')),
            ...reviewSelectors(attributes),
          },
        }
      : { nonResourceAttributes: { path, verb } }),
    ...(user.name === '' ? {} : { user: user.name }),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(extra === undefined
      ? {}
      : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
    ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
  }
}

function statusOf(answer: unknown): Status {
  const status = isRecord(answer) && isRecord(answer.status) ? answer.status : {}
  const { allowed, denied, reason } = status
  return {
    allowed: allowed === true,
    denied: denied === true,
    ...(typeof reason === 'string' ? { reason } : {}),
  }
}

function decisionOf({ allowed, denied, reason = '' }: Status): AuthorizerDecision {
  if (allowed && denied) {
    const error = 'webhook subject access review returned both allow and deny response'
    return { decision: 'deny', reason, error }
  }
  return { decision: denied ? 'deny' : allowed ? 'allow' : 'no-opinion', reason }
}

/** Asks a server of the administrator's (https://kubernetes.io/docs/reference/access-authn-authz/webhook/). */
export class WebhookAuthorizer implements Authorizer {
  readonly #options: WebhookAuthorizerOptions
  readonly #conditions: ReviewConditions
  readonly #poster: ReviewPoster
  readonly #answers: AnswerCache<Status>
  /** Of the latest attempt, for what is told of a failure. */
  #lastResult: AttemptResult = 'success'

  constructor(options: WebhookAuthorizerOptions) {
    this.#options = options
    const { host, metrics, caller, settings } = options
    const { name, conditions, url, timeoutMs } = settings
    this.#conditions = new ReviewConditions({ host, metrics, name, conditions })
    this.#answers = new AnswerCache(host, maxAnswers, Number.POSITIVE_INFINITY)
    const observe = (result: AttemptResult, seconds: number): void => {
      this.#lastResult = result
      metrics.evaluations.inc([name, result])
      metrics.webhookSeconds.observe(seconds, [name, result])
    }
    this.#poster = new ReviewPoster({ host, caller, url, timeoutMs, observe })
  }

  authorize(attributes: AuthorizerAttributes): MaybePromise<AuthorizerDecision> {
    const spec = specOf(attributes)
    const matches = this.#conditions.match(spec)
    if (typeof matches === 'object')
      return { decision: this.#options.settings.onFailure, reason: '', error: matches.error }
    return matches ? this.#ask(attributes, spec) : noOpinion
  }

  async #ask(attributes: AuthorizerAttributes, spec: Spec): Promise<AuthorizerDecision> {
    const { logger, metrics, settings } = this.#options
    const { namespace, verb, group, version, resource, subresource, name, path } = attributes
    const asked = [namespace, verb, group, version, resource, subresource, name, path]
    const isShort = asked.reduce((sum, text) => sum + text.length, 0) < maxAskedLength
    const lifeMs = ({ allowed }: Status): number => (allowed ? settings.allowedLifeMs : settings.deniedLifeMs)
    const post = (): Promise<Status> => this.#post(spec)
    try {
      const status = await (isShort ? this.#answers.get(JSON.stringify(spec), post, lifeMs) : post())
      return decisionOf(status)
    } catch (error) {
      logger.error('Failed to make webhook authorizer request', { webhook: settings.name, error })
      if (settings.onFailure === 'no-opinion') metrics.failOpen.inc([settings.name, this.#lastResult])
      return { decision: settings.onFailure, reason: '', error: messageOf(error) }
    }
  }

  async #post(spec: Spec): Promise<Status> {
    const { reviewVersion } = this.#options.settings
    const { groups, ...rest } = spec
    // The older version has another name for them.
    const asked = reviewVersion === 'v1' || groups === undefined ? spec : { ...rest, group: groups }
    const review = {
      kind: 'SubjectAccessReview',
      apiVersion: `authorization.k8s.io/${reviewVersion}`,
      metadata: {},
      spec: asked,
      status: { allowed: false },
    }
    return statusOf(await this.#poster.post(review))
  }

  rulesFor(): UserRules {
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: true,
      evaluationError: 'webhook authorizer does not support user rule resolution',
    }
  }
}
