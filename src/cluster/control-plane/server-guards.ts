import { featureGates } from '../../api/feature-gates.ts'
import type { AdmissionChain } from '../../apiserver/admission-chain.ts'
import type { LegacyTokenOptions } from '../../apiserver/authentication/legacy-tokens.ts'
import { SelfSubjectReviewResource } from '../../apiserver/authentication/self-subject-review.ts'
import { TokenRequestEndpoint } from '../../apiserver/authentication/token-request.ts'
import { TokenReviewResource } from '../../apiserver/authentication/token-review.ts'
import { RulesReviewResource } from '../../apiserver/authorization/rules-review.ts'
import { AccessReviewResource } from '../../apiserver/authorization/subject-access-review.ts'
import type { BackendConnector } from '../../apiserver/connect/backend.ts'
import { connectEndpoints } from '../../apiserver/connect/connect-endpoints.ts'
import type { SubresourceEndpoint, VirtualResource } from '../../apiserver/endpoint.ts'
import type { ServerCore } from '../../apiserver/server-core.ts'
import { acceptSpdy } from '../../base/host/spdy/accept-spdy.ts'
import type { Host } from '../../base/host.ts'
import { makeAuthenticator } from '../access/make-authenticator.ts'
import { makeAuthorizer } from '../access/make-authorizer.ts'
import type { ApiServerSetup } from './api-server.ts'

/** What a server is made from. */
export interface ServerParts {
  readonly core: ServerCore
  readonly setup: ApiServerSetup
}

/** Who asks and whether they may. */
export function makeGuards({ setup, core }: ServerParts, noteUse: LegacyTokenOptions['noteUse']) {
  const { host, identity, access, logger, metrics } = setup
  const { reader } = core
  const common = { host, logger, metrics, reader }
  const authorization = makeAuthorizer({
    ...{ ...common, options: access.authorization },
    features: featureGates(setup.featureGates ?? new Map()),
  })
  const authentication = makeAuthenticator({ ...common, access, identity, noteUse })
  const { issuers, keys, audiences } = identity.serviceAccounts
  return {
    issuer: issuers[0] ?? '',
    keys,
    audiences,
    tokens: authentication.tokens,
    authenticator: authentication.authenticator,
    authorizer: authorization.authorizer,
    rbac: authorization.rbac,
    start: () => {
      const stops = [authorization.start(), authentication.start()]
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

export type Guards = ReturnType<typeof makeGuards>

/** Tokens, and the ways to pods and nodes. */
export function makeSubresources(
  { setup, core }: ServerParts,
  { issuer, keys, audiences, authorizer }: Guards,
  admission: AdmissionChain,
  connector: BackendConnector,
): readonly SubresourceEndpoint[] {
  const { host, kubeletAddressTypes: preferredAddressTypes } = setup
  const { maxLifeSeconds, extendsInjected, maxExtendedSeconds } = setup.identity.serviceAccounts
  const { reader, decodeBody } = core
  return [
    new TokenRequestEndpoint({
      host,
      keys,
      reader,
      admission,
      decode: decodeBody,
      issuer,
      audiences,
      maxLifeSeconds,
      extendsInjected,
      maxExtendedSeconds,
    }),
    ...connectEndpoints({
      ...{ host, reader, admission, authorizer, connector, preferredAddressTypes },
      acceptMultiplexed: acceptSpdy,
    }),
  ]
}

/** Reviews. */
export const makeVirtualResources = (
  host: Host,
  { tokens, audiences, authorizer }: Guards,
): readonly VirtualResource[] => [
  new TokenReviewResource(tokens, audiences),
  new SelfSubjectReviewResource(host),
  new AccessReviewResource('SubjectAccessReview', authorizer),
  new AccessReviewResource('LocalSubjectAccessReview', authorizer),
  new AccessReviewResource('SelfSubjectAccessReview', authorizer),
  new RulesReviewResource(authorizer),
]
