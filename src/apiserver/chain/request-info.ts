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
  const segments = split(request.path)
  const apiPrefix = segments[0] ?? ''
  if (segments.length < 3 || (apiPrefix !== 'api' && apiPrefix !== 'apis'))
    return nonResource(request, '', '')
  // Where what is still to be read begins.
  let at = 1
  let group = ''
  if (apiPrefix === 'apis') {
    if (segments.length < 4) return nonResource(request, apiPrefix, '')
    group = segments[at++] ?? ''
  }
  const version = segments[at++] ?? ''
  let verb = verbs[request.method] ?? ''
  if (segments[at] === 'watch' || segments[at] === 'proxy') {
    if (segments.length < at + 2)
      throw badRequest(`unable to determine kind and namespace from url, ${request.path}`)
    verb = segments[at++] ?? ''
  }
  let namespace = ''
  if (segments[at] === 'namespaces' && segments.length > at + 1) {
    namespace = segments[at + 1] ?? ''
    if (segments.length > at + 2 && !namespaceSubresources.includes(segments[at + 2] ?? '')) at += 2
  }
  const subresource = verb === 'proxy' || verb === 'watch' ? '' : (segments[at + 2] ?? '')
  let name = segments[at + 1] ?? ''
  if (name === '' && verb === 'get') ({ verb, name } = collectionVerb(request))
  else if (name === '' && verb === 'delete') verb = 'deletecollection'
  return {
    isResourceRequest: true,
    path: request.path,
    verb,
    apiPrefix,
    group,
    version,
    namespace,
    resource: segments[at] ?? '',
    subresource,
    name,
    parts: segments.slice(at),
  }
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
