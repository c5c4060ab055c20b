import { type StatusError, statusError } from '../../apimachinery/status-error.ts'
import { assert } from '../../base/assert.ts'
import type { Host } from '../../base/host.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision } from '../authorizer.ts'
import type { Filter, Handler } from '../filter.ts'
import type { AccessMetrics } from '../metrics/access-metrics.ts'
import type { ServerRequest, UserInfo } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { plainError } from '../routing.ts'
import { timed } from '../timed.ts'

/** Verbs whose requests have selectors. */
const selectingVerbs = new Set(['list', 'watch', 'deletecollection'])

export function attributesOf(request: ServerRequest, user: UserInfo): AuthorizerAttributes {
  const { info, query } = request
  const selects = !query.isEmpty && selectingVerbs.has(info.verb)
  const fieldSelector = selects ? query.get('fieldSelector') : undefined
  const labelSelector = selects ? query.get('labelSelector') : undefined
  return {
    user,
    verb: info.verb,
    isResourceRequest: info.isResourceRequest,
    path: info.path,
    group: info.group,
    version: info.version,
    namespace: info.namespace,
    resource: info.resource,
    subresource: info.subresource,
    name: info.name,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  }
}

const quote = JSON.stringify

/** What the user may not do, in upstream's words. */
export function describe(attributes: AuthorizerAttributes): string {
  const who = `User ${quote(attributes.user.name)} cannot ${attributes.verb}`
  if (!attributes.isResourceRequest) return `${who} path ${quote(attributes.path)}`
  const { resource, subresource, group, namespace } = attributes
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`
  return `${who} resource ${quote(what)} in API group ${quote(group)} ${where}`
}

export function refusal(attributes: AuthorizerAttributes, reason: string): StatusError {
  const why = reason === '' ? describe(attributes) : `${describe(attributes)}: ${reason}`
  const { group, resource, name } = attributes
  if (!attributes.isResourceRequest) return statusError('Forbidden', `forbidden: ${why}`, {})
  const qualified = group === '' ? resource : `${resource}.${group}`
  const subject = name === '' ? qualified : `${qualified} ${quote(name)}`
  return statusError('Forbidden', `${subject} is forbidden: ${why}`, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind: resource,
  })
}

/** Lets pass what the authorizer allows. */
export function authorizationFilter(host: Host, authorizer: Authorizer, metrics: AccessMetrics): Filter {
  const decide = (
    attributes: AuthorizerAttributes,
    decided: AuthorizerDecision,
    request: ServerRequest,
    next: Handler,
  ): Promise<ServerResponse> => {
    const { decision, reason, error } = decided
    metrics.decided(decided, host.monotonicMs() - request.filterStartedMs)
    if (decision !== 'allow' && error !== undefined) {
      request.annotate('authorization.k8s.io/reason', 'internal error')
      const what = `Internal Server Error: ${quote(request.path)}: ${error}`
      return Promise.resolve(plainError(what, 500))
    }
    request.annotate('authorization.k8s.io/decision', decision === 'allow' ? 'allow' : 'forbid')
    request.annotate('authorization.k8s.io/reason', reason)
    return decision === 'allow' ? next(request) : Promise.reject(refusal(attributes, reason))
  }
  return (request, next) => {
    assert(request.user !== undefined, 'a request reaches authorization without a user')
    const attributes = attributesOf(request, request.user)
    const decided = authorizer.authorize(attributes)
    return decided instanceof Promise
      ? timed(host, request, 'authorization', decided).then((decision) =>
          decide(attributes, decision, request, next),
        )
      : decide(attributes, decided, request, next)
  }
}
