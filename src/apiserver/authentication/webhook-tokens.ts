import type { Host } from '../../base/host.ts'
import { isRecord } from '../../base/is-record.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import { textOf, textsOf } from '../../base/text-of.ts'
import type { Authentication } from '../authenticator.ts'
import type { OutsideCaller } from '../outside/outside-caller.ts'
import { ReviewPoster } from '../outside/review-poster.ts'
import type { UserInfo } from '../request.ts'
import { AuthenticationError } from './authentication-error.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'

export interface WebhookTokensOptions {
  readonly host: Host
  readonly logger: Logger
  readonly caller: OutsideCaller
  readonly url: string
  readonly reviewVersion: 'v1' | 'v1beta1'
  /** The server's own: of tokens that the webhook names none for. */
  readonly audiences: readonly string[]
}

const timeoutMs = 30_000

function userOf(value: unknown): UserInfo {
  const { username, uid, groups, extra } = isRecord(value) ? value : {}
  return {
    name: textOf(username),
    groups: textsOf(groups),
    ...(textOf(uid) === '' ? {} : { uid: textOf(uid) }),
    ...(isRecord(extra)
      ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, textsOf(values)])) }
      : {}),
  }
}

/** Asks a server of the administrator's whose a token is (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication). */
export class WebhookTokens implements TokenAuthenticator {
  readonly #options: WebhookTokensOptions
  readonly #poster: ReviewPoster

  constructor(options: WebhookTokensOptions) {
    this.#options = options
    const { host, caller, url } = options
    this.#poster = new ReviewPoster({ host, caller, url, timeoutMs })
  }

  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const status = await this.#review(token, audiences)
    const named = textsOf(status.audiences)
    const own = named.length > 0 ? named : this.#options.audiences
    const common = audiences.filter((audience) => own.includes(audience))
    if (common.length === 0) return undefined
    if (status.authenticated === true) return { user: userOf(status.user), audiences: common }
    const error = textOf(status.error)
    if (error === '') return undefined
    throw new AuthenticationError(error)
  }

  async #review(token: string, audiences: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const { reviewVersion, logger } = this.#options
    const review = {
      kind: 'TokenReview',
      apiVersion: `authentication.k8s.io/${reviewVersion}`,
      metadata: {},
      spec: { token, ...(audiences.length === 0 ? {} : { audiences }) },
      status: { user: {} },
    }
    try {
      const answer = await this.#poster.post(review)
      return isRecord(answer) && isRecord(answer.status) ? answer.status : {}
    } catch (error) {
      logger.error('Failed to make webhook authenticator request', { error })
      throw new AuthenticationError(messageOf(error))
    }
  }
}
