import { assert } from '../../base/assert.ts'
import type { Host } from '../../base/host.ts'
import {
  anonymousUser,
  authenticatedGroup,
  nodeOf,
  serviceAccountGroups,
  serviceAccountOf,
  unauthenticatedGroup,
} from '../authentication/users.ts'
import type { Authorizer, AuthorizerAttributes } from '../authorizer.ts'
import { attributesOf, refusal } from '../chain/authorization.ts'
import type { Filter, Handler } from '../filter.ts'
import type { ImpersonationMetrics } from '../metrics/impersonation-metrics.ts'
import type { ServerRequest, UserInfo } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { impersonationChecks } from './impersonation-checks.ts'
import { type ImpersonationMode, impersonationModes, legacy, nodeGroups } from './impersonation-modes.ts'
import { type WantedUser, wantedUser } from './wanted-user.ts'

export interface ImpersonationOptions {
  readonly host: Host
  readonly authorizer: Authorizer
  readonly metrics: ImpersonationMetrics
}

/** The groups as they were asked for, or those that the name implies; and whether one is authenticated at all. */
function groupsOf(mode: ImpersonationMode, wanted: WantedUser): readonly string[] {
  const account = serviceAccountOf(wanted.name)
  const implied =
    account !== undefined
      ? serviceAccountGroups(account.namespace)
      : mode !== legacy && nodeOf(wanted.name) !== undefined
        ? nodeGroups
        : []
  const groups = wanted.groups.length > 0 ? wanted.groups : implied
  const state = wanted.name === anonymousUser ? unauthenticatedGroup : authenticatedGroup
  const known = groups.includes(state) || groups.includes(unauthenticatedGroup)
  return known ? groups : [...groups, state]
}

const impersonated = (mode: ImpersonationMode, wanted: WantedUser): UserInfo => ({
  name: wanted.name,
  ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
  groups: groupsOf(mode, wanted),
  ...(wanted.extra.size === 0 ? {} : { extra: Object.fromEntries(wanted.extra) }),
})

async function refusalOf(
  { host, authorizer, metrics }: ImpersonationOptions,
  mode: ImpersonationMode,
  attributes: AuthorizerAttributes,
): Promise<Error | undefined> {
  const startedMs = host.monotonicMs()
  const { decision, reason } = await authorizer.authorize(attributes)
  const isAllowed = decision === 'allow'
  metrics.authorization(mode.name, isAllowed ? 'allowed' : 'denied', host.monotonicMs() - startedMs)
  return isAllowed ? undefined : refusal(attributes, reason)
}

/** The first thing that the mode does not allow. */
async function refusalOfMode(
  mode: ImpersonationMode,
  options: ImpersonationOptions,
  attributes: AuthorizerAttributes,
  wanted: WantedUser,
): Promise<Error | undefined> {
  if (mode.onVerb !== '') {
    const on = { ...attributes, verb: mode.onVerb + attributes.verb }
    const refused = await refusalOf(options, mode, on)
    if (refused !== undefined) return refused
  }
  for (const check of impersonationChecks(mode, attributes.user, wanted)) {
    if (check.refusal !== undefined) return refusal(check.attributes, check.refusal)
    const refused = await refusalOf(options, mode, check.attributes)
    if (refused !== undefined) return refused
  }
  return undefined
}

async function impersonate(
  options: ImpersonationOptions,
  request: ServerRequest,
  wanted: WantedUser,
  next: Handler,
): Promise<ServerResponse> {
  const { host, metrics } = options
  const { user } = request
  assert(user !== undefined, 'impersonation comes after authentication')
  const attributes = attributesOf(request, user)
  const startedMs = host.monotonicMs()
  let first: Error | undefined
  for (const mode of impersonationModes) {
    if (!mode.applies(wanted, user)) continue
    const refused = await refusalOfMode(mode, options, attributes, wanted)
    if (refused === undefined) {
      const tookMs = host.monotonicMs() - startedMs
      metrics.attempt(mode.name, 'allowed', tookMs)
      request.took('impersonation', tookMs)
      request.user = impersonated(mode, wanted)
      request.audit?.impersonated(request.user, mode === legacy ? '' : mode.verb)
      return next(request)
    }
    first ??= refused
  }
  assert(first !== undefined, 'the legacy mode applies to everybody')
  metrics.attempt('', 'denied', host.monotonicMs() - startedMs)
  throw first
}

/**
 * `Impersonate-User` and its companions
 * (https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/): who may be somebody else is.
 * Refusals are the first mode's, as upstream's.
 */
export const impersonationFilter =
  (options: ImpersonationOptions): Filter =>
  (request, next) => {
    const wanted = wantedUser(request)
    return wanted === undefined ? next(request) : impersonate(options, request, wanted, next)
  }
