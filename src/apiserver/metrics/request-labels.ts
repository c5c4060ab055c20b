import type { ServerRequest } from '../request.ts'

/** What a request is about, as upstream's labels say it (`verb` to `scope`). */
export type RequestLabels = readonly [
  verb: string,
  group: string,
  version: string,
  resource: string,
  subresource: string,
  scope: string,
]

/** Labels that are not the server's own words come from what it serves: nobody can make more of them. */
const connecting = new Set(['log', 'exec', 'portforward', 'attach', 'proxy'])
const methods = new Set(['GET', 'LIST', 'POST', 'PUT', 'PATCH', 'DELETE', 'WATCH', 'APPLY', 'CONNECT'])

function scopeOf({ isResourceRequest, name, namespace, verb }: ServerRequest['info']): string {
  if (name !== '' || verb === 'create') return 'resource'
  if (namespace !== '') return 'namespace'
  return isResourceRequest ? 'cluster' : ''
}

function verbOf(request: ServerRequest, scope: string): string {
  const { info, method } = request
  if (info.isResourceRequest && connecting.has(info.subresource)) return 'CONNECT'
  if (info.verb === 'watch') return 'WATCH'
  if (method === 'GET' || method === 'HEAD') return scope === 'resource' || scope === '' ? 'GET' : 'LIST'
  if (method === 'PATCH' && request.header('content-type') === 'application/apply-patch+yaml') return 'APPLY'
  return methods.has(method) ? method : 'other'
}

export function requestLabels(request: ServerRequest): RequestLabels {
  const { info } = request
  const scope = scopeOf(info)
  const verb = verbOf(request, scope)
  if (!info.isResourceRequest) return [verb, '', '', '', info.path, scope]
  return [verb, info.group, info.version, info.resource, info.subresource, scope]
}

/** `dryRun` as it was asked for; what means nothing is not repeated. */
export function dryRunLabel({ query }: ServerRequest): string {
  if (query.isEmpty) return ''
  const asked = query.all('dryRun')
  if (asked.length === 0) return ''
  return asked.every((value) => value === 'All') ? 'All' : 'invalid'
}
