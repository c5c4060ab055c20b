import { AccountTokenMetrics } from '../../apiserver/authentication/account-token-metrics.ts'
import { AgnosticTokens } from '../../apiserver/authentication/agnostic-tokens.ts'
import { BootstrapTokens } from '../../apiserver/authentication/bootstrap-tokens.ts'
import { CachedTokens } from '../../apiserver/authentication/cached-tokens.ts'
import { ClientCertificateAuthenticator } from '../../apiserver/authentication/client-certificate.ts'
import { FrontProxyAuthenticator } from '../../apiserver/authentication/front-proxy.ts'
import { JwtAuthenticators } from '../../apiserver/authentication/jwt/jwt-authenticators.ts'
import { JwtMetrics } from '../../apiserver/authentication/jwt/jwt-metrics.ts'
import { type LegacyTokenOptions, LegacyTokens } from '../../apiserver/authentication/legacy-tokens.ts'
import { RequestAuthenticator } from '../../apiserver/authentication/request-authenticator.ts'
import { ServiceAccountTokens } from '../../apiserver/authentication/service-account-tokens.ts'
import type { TokenAuthenticator } from '../../apiserver/authentication/token-authenticator.ts'
import { TokenChain } from '../../apiserver/authentication/token-chain.ts'
import { WebhookTokens } from '../../apiserver/authentication/webhook-tokens.ts'
import type { Authenticator } from '../../apiserver/authenticator.ts'
import { HttpsCaller } from '../../apiserver/http/https-caller.ts'
import type { ObjectReader } from '../../apiserver/object-reader.ts'
import { verifyJws } from '../../base/host/verify-jws.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { ApiServerIdentity } from '../control-plane/api-server-identity.ts'
import type { AccessOptions, TokenWebhook } from './access-options.ts'
import { followConfigFile } from './config-file.ts'
import { serverId } from './server-id.ts'

export interface AuthenticatorSetup {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly reader: ObjectReader
  readonly access: Omit<AccessOptions, 'authorization'>
  readonly identity: Pick<ApiServerIdentity, 'serviceAccounts' | 'trust'>
  readonly noteUse: LegacyTokenOptions['noteUse']
}

export interface MadeAuthenticator {
  readonly authenticator: Authenticator
  readonly tokens: TokenChain
  /** Follows the configuration's file, where there is one. Returns what ends everything. */
  start(): () => void
}

/** Upstream's `TokenSuccessCacheTTL`: a signature is not checked again so soon. */
const jwtLifeMs = 10_000

interface Part {
  readonly tokens: TokenAuthenticator
  start(): () => void
}

function jwtPart({ host, logger, metrics, access, identity }: AuthenticatorSetup): Part | undefined {
  const { issuers, file } = access.jwt
  if (issuers.length === 0 && file === undefined) return undefined
  const jwt = new JwtAuthenticators(
    {
      ...{ host, logger, verify: verifyJws },
      metrics: new JwtMetrics(host, metrics, serverId()),
      open: (trust) => new HttpsCaller(trust),
    },
    issuers,
  )
  const { audiences } = identity.serviceAccounts
  const agnostic = new AgnosticTokens(jwt, audiences)
  return {
    tokens: new CachedTokens({ host, metrics, tokens: agnostic, successLifeMs: jwtLifeMs, failureLifeMs: 0 }),
    start: () => {
      const apply = (all: typeof issuers): Promise<void> => jwt.replace(all)
      const stop =
        file === undefined
          ? undefined
          : followConfigFile({ host, logger, metrics, subject: 'authentication', file, apply })
      return () => {
        stop?.()
        jwt.stop()
      }
    },
  }
}

function webhookPart(
  { host, logger, metrics, identity }: AuthenticatorSetup,
  { url, trust, reviewVersion, lifeMs }: TokenWebhook,
): Part {
  const caller = new HttpsCaller(trust, metrics)
  const { audiences } = identity.serviceAccounts
  const tokens = new WebhookTokens({ host, logger, caller, url, reviewVersion, audiences })
  return {
    tokens: new CachedTokens({ host, metrics, tokens, successLifeMs: lifeMs, failureLifeMs: lifeMs }),
    start: () => () => caller.close(),
  }
}

/** Who asks, as the options say it: tokens in upstream's order, those first that nobody else has to be asked about. */
export function makeAuthenticator(setup: AuthenticatorSetup): MadeAuthenticator {
  const { host, logger, reader, access, identity, noteUse } = setup
  const { issuers, keys, audiences } = identity.serviceAccounts
  const { frontProxy } = identity.trust
  const outside = [
    jwtPart(setup),
    access.tokenWebhook === undefined ? undefined : webhookPart(setup, access.tokenWebhook),
  ].filter((part) => part !== undefined)
  const anyAudience = (inner: TokenAuthenticator) => new AgnosticTokens(inner, audiences)
  const accountTokens = new AccountTokenMetrics(setup.metrics)
  const tokens = new TokenChain([
    ...access.tokens.map(anyAudience),
    new LegacyTokens({ host, keys, reader, audiences, noteUse, metrics: accountTokens }),
    new ServiceAccountTokens({ host, keys, reader, issuers, metrics: accountTokens }),
    ...(access.bootstrapTokens ? [anyAudience(new BootstrapTokens(host, reader))] : []),
    ...outside.map((part) => part.tokens),
  ])
  const authenticator = new RequestAuthenticator({
    logger,
    certificates: new ClientCertificateAuthenticator(host, setup.metrics),
    ...(frontProxy === undefined ? {} : { frontProxy: new FrontProxyAuthenticator(frontProxy) }),
    tokens,
    audiences,
    anonymous: access.anonymous,
  })
  return {
    authenticator,
    tokens,
    start: () => {
      const stops = outside.map((part) => part.start())
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}
