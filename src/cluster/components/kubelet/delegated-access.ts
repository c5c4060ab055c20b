import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { bearerToken } from '../../../apiserver/authentication/bearer-token.ts'
import { AnswerCache } from '../../../base/answer-cache.ts'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Client } from '../../../client/client.ts'
import { AccessError, type KubeletAccess, type KubeletUser } from '../../../kubelet/server/kubelet-access.ts'
import type { NodeAttributes } from '../../../kubelet/server/node-attributes.ts'
import { reviewAccess, reviewToken } from '../reviews.ts'

export interface DelegatedAccessOptions {
  readonly host: Host
  readonly logger: Logger
  /** Who asks the API server: `create` of TokenReviews and SubjectAccessReviews is what it needs. */
  readonly client: Client
  readonly nodeName: string
  /** Whether who brings no credential is `system:anonymous`. */
  readonly anonymous: boolean
  /** Absent: bearer tokens are passed over. Milliseconds. */
  readonly tokenLifeMs?: number
  /** Absent: everyone that is known may do everything. */
  readonly authorization?: { readonly allowedLifeMs: number; readonly deniedLifeMs: number }
}

const anonymousUser: KubeletUser = { name: 'system:anonymous', groups: ['system:unauthenticated'] }
/** Upstream remembers so many answers. */
const maxAnswers = 8192

function tokenOf(request: IncomingMessage, logger: Logger): string | undefined {
  const header = (name: string): string | undefined => [request.headers[name]].flat()[0]
  return bearerToken({ header, warn: (text) => logger.warn(text) })
}

/** Asks the API server who a token's user is and what a user may do, as upstream's kubelet (`--authorization-mode=Webhook`). */
export function delegatedAccess(options: DelegatedAccessOptions): KubeletAccess {
  const { host, logger, client, nodeName, anonymous, tokenLifeMs, authorization } = options
  const tokens = new AnswerCache<KubeletUser | undefined>(host, maxAnswers)
  const answers = new AnswerCache<boolean>(host, maxAnswers)
  const mayDo = (user: KubeletUser, { verb }: NodeAttributes, subresource: string): Promise<boolean> => {
    const resourceAttributes = { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName }
    const { allowedLifeMs = 0, deniedLifeMs = 0 } = authorization ?? {}
    return answers.get(
      JSON.stringify([user, verb, subresource]),
      () => reviewAccess(client, user, { resourceAttributes }),
      (allowed) => (allowed ? allowedLifeMs : deniedLifeMs),
    )
  }
  return {
    openHealth: false,
    authenticate: async (request) => {
      try {
        const token = tokenLifeMs === undefined ? undefined : tokenOf(request, logger)
        if (token === undefined || tokenLifeMs === undefined) return anonymous ? anonymousUser : undefined
        // Tokens themselves are not kept.
        const key = createHash('sha256').update(token).digest('base64')
        return await tokens.get(
          key,
          () => reviewToken(client, token),
          () => tokenLifeMs,
        )
      } catch (error) {
        logger.warn('a token could not be reviewed', { error })
        throw new AccessError(401, 'Unauthorized')
      }
    },
    authorize: async (user, attributes) => {
      if (authorization === undefined) return true
      for (const subresource of attributes.subresources)
        if (await mayDo(user, attributes, subresource)) return true
      return false
    },
  }
}
