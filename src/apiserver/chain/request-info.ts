import { goQuote } from '../../apimachinery/go-text.ts'
import { isPathSegmentName } from '../../apimachinery/names.ts'
import { parseFieldSelector } from '../../apimachinery/selectors/field-selector.ts'
import { badRequest, StatusError } from '../../apimachinery/status-error.ts'
import type { Filter } from '../filter.ts'
import type { RequestInfo, ServerRequest } from '../request.ts'
import { booleanValue } from '../rest/query-values.ts'
import { plainError } from '../routing.ts'

const namespaceSubresources = ['status', 'finalize']

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

function split(path: string): readonly string[] {
  let start = 0
  let end = path.length
  while (start < end && path.charCodeAt(start) === 0x2f) start++
  while (end > start && path.charCodeAt(end - 1) === 0x2f) end--
  return start === end ? [] : path.slice(start, end).split('/')
}

function nonResource(request: ServerRequest, apiPrefix: string, group: string): RequestInfo {
  const verb = request.method.toLowerCase()
  return {
    isResourceRequest: false,
    path: request.path,
    verb,
    apiPrefix,
    group,
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    parts: [],
  }
}

/** A watch or list, and the one name that its field selector may stand for. */
function collectionVerb(request: ServerRequest): { readonly verb: string; readonly name: string } {
  const { query } = request
  if (query.isEmpty) return { verb: 'list', name: '' }
  const verb = booleanValue(query, 'watch') === true ? 'watch' : 'list'
  const selector = query.get('fieldSelector')
  if (selector === undefined) return { verb, name: '' }
  try {
    const name = parseFieldSelector(selector).exactValue('metadata.name')
    return { verb, name: name !== undefined && isPathSegmentName(name).length === 0 ? name : '' }
  } catch (error) {
    if (error instanceof StatusError) return { verb, name: '' }
    throw error
  }
}

/**
 * Upstream's RequestInfoFactory: what a method and path say, e.g.
 * `/apis/apps/v1/namespaces/default/deployments/web/status`. Throws BadRequest for a path that says nothing.
 */
export function requestInfo(request: ServerRequest): RequestInfo {
  let parts = split(request.path)
  const apiPrefix = parts[0] ?? ''
  if (parts.length < 3 || (apiPrefix !== 'api' && apiPrefix !== 'apis')) return nonResource(request, '', '')
  let group = ''
  if (apiPrefix === 'apis') {
    if (parts.length < 4) return nonResource(request, apiPrefix, '')
    group = parts[1] ?? ''
    parts = parts.slice(2)
  } else parts = parts.slice(1)
  const version = parts[0] ?? ''
  parts = parts.slice(1)
  let verb = verbs[request.method] ?? ''
  if (parts[0] === 'watch' || parts[0] === 'proxy') {
    if (parts.length < 2) throw badRequest(`unable to determine kind and namespace from url, ${request.path}`)
    verb = parts[0]
    parts = parts.slice(1)
  }
  let namespace = ''
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? ''
    if (parts.length > 2 && !namespaceSubresources.includes(parts[2] ?? '')) parts = parts.slice(2)
  }
  const subresource = verb === 'proxy' || verb === 'watch' ? '' : (parts[2] ?? '')
  let name = parts[1] ?? ''
  if (name === '' && verb === 'get') ({ verb, name } = collectionVerb(request))
  else if (name === '' && verb === 'delete') verb = 'deletecollection'
  const { path } = request
  const resource = parts[0] ?? ''
  const known = { path, verb, apiPrefix, group, version, namespace, resource, subresource, name, parts }
  return { isResourceRequest: true, ...known }
}

export const requestInfoFilter: Filter = (request, next) => {
  try {
    request.info = requestInfo(request)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const what = `failed to create RequestInfo: ${error.message}`
    return Promise.resolve(plainError(`Internal Server Error: ${goQuote(request.path)}: ${what}`, 500))
  }
  return next(request)
}
