import { clusterRoles } from '../../api/generated/bootstrap-rbac.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { alwaysAllow, alwaysDeny } from '../../apiserver/authorization/always.ts'
import {
  type AuthorizationMetrics,
  authorizationMetrics,
} from '../../apiserver/authorization/authorization-metrics.ts'
import { CountedAuthorizer } from '../../apiserver/authorization/counted-authorizer.ts'
import { NodeAuthorizer } from '../../apiserver/authorization/node-authorizer.ts'
import { NodeRelations } from '../../apiserver/authorization/node-relations.ts'
import { privilegedGroup } from '../../apiserver/authorization/privileged-group.ts'
import { RbacAuthorizer } from '../../apiserver/authorization/rbac-authorizer.ts'
import { RbacIndex } from '../../apiserver/authorization/rbac-index.ts'
import { ReplaceableAuthorizer } from '../../apiserver/authorization/replaceable-authorizer.ts'
import { UnionAuthorizer } from '../../apiserver/authorization/union-authorizer.ts'
import { WebhookAuthorizer } from '../../apiserver/authorization/webhook-authorizer.ts'
import type { Authorizer } from '../../apiserver/authorizer.ts'
import { gatedNodeRules } from '../../apiserver/bootstrap/gated-roles.ts'
import { HttpsCaller } from '../../apiserver/http/https-caller.ts'
import type { ObjectReader } from '../../apiserver/object-reader.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { AuthorizationOptions, AuthorizerChoice } from './access-options.ts'
import { followConfigFile } from './config-file.ts'

export interface AuthorizerSetup {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly reader: ObjectReader
  readonly options: AuthorizationOptions
  readonly features: Features
}

export interface MadeAuthorizer {
  readonly authorizer: Authorizer
  readonly rbac: RbacIndex
  /** Follows the configuration's file, where there is one. Returns what ends everything. */
  start(): () => void
}

const nodeRules = (features: Features): ConstructorParameters<typeof NodeAuthorizer>[1] => [
  ...(clusterRoles().find((role) => role.metadata?.name === 'system:node')?.rules ?? []),
  ...gatedNodeRules(features),
]

/** Makes authorizers as they are chosen; those that a cluster has one of outlive a change of the choice. */
class AuthorizerMaker {
  readonly rbac: RbacIndex
  readonly #setup: AuthorizerSetup
  readonly #known = new Map<string, Authorizer>()
  readonly #webhookMetrics: AuthorizationMetrics
  #callers: readonly HttpsCaller[] = []

  constructor(setup: AuthorizerSetup) {
    this.#setup = setup
    this.rbac = new RbacIndex(setup.reader)
    this.#webhookMetrics = authorizationMetrics(setup.metrics)
  }

  make(choices: readonly AuthorizerChoice[]): Authorizer {
    const before = this.#callers
    this.#callers = []
    const chain = new UnionAuthorizer([privilegedGroup, ...choices.map((choice) => this.#counted(choice))])
    for (const caller of before) caller.close()
    return chain
  }

  close(): void {
    for (const caller of this.#callers) caller.close()
  }

  #counted(choice: AuthorizerChoice): Authorizer {
    const { type, name } = choice
    const counted = (): Authorizer =>
      new CountedAuthorizer(this.#plain(choice), type, name, this.#setup.metrics)
    if (type === 'Webhook') return counted()
    const known = this.#known.get(type) ?? counted()
    this.#known.set(type, known)
    return known
  }

  #plain(choice: AuthorizerChoice): Authorizer {
    const { host, logger, reader, options, features } = this.#setup
    switch (choice.type) {
      case 'AlwaysAllow':
        return alwaysAllow
      case 'AlwaysDeny':
        return alwaysDeny
      case 'Node':
        return new NodeAuthorizer(new NodeRelations(reader), nodeRules(features), features)
      case 'RBAC':
        return new RbacAuthorizer(this.rbac)
      case 'ABAC':
        if (options.abac !== undefined) return options.abac
        throw new Error('authorizer type ABAC is not allowed if it was not enabled at initial server startup')
      case 'Webhook': {
        const caller = new HttpsCaller(choice.trust, this.#setup.metrics)
        this.#callers = [...this.#callers, caller]
        const metrics = this.#webhookMetrics
        return new WebhookAuthorizer({ host, logger, metrics, caller, settings: choice.settings })
      }
    }
  }
}

/** Who may what, as the options say it. */
export function makeAuthorizer(setup: AuthorizerSetup): MadeAuthorizer {
  const { host, logger, metrics, options } = setup
  const maker = new AuthorizerMaker(setup)
  const authorizer = new ReplaceableAuthorizer(maker.make(options.authorizers))
  return {
    authorizer,
    rbac: maker.rbac,
    start: () => {
      const { file } = options
      const stops = [maker.rbac.start(), () => maker.close()]
      if (file !== undefined) {
        const apply = (choices: readonly AuthorizerChoice[]): void => {
          authorizer.current = maker.make(choices)
        }
        stops.push(followConfigFile({ host, logger, metrics, subject: 'authorization', file, apply }))
      }
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}
