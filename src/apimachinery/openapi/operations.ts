import type { GroupVersionKind } from '../define-kind.ts'
import type { Schemas } from '../schema.ts'
import { customTypeName } from './custom-types.ts'
import { anyType, type MediaTypes } from './media-types.ts'
import { type OpenApiResource, type OpenApiSubresource, servedAt, typeOf } from './openapi-resource.ts'
import {
  capital,
  groupId,
  type Operation,
  type PathEntry,
  type PathParameter,
  pathEntry,
  tagOf,
} from './operation.ts'
import {
  deleteCollectionQuery,
  deleteQuery,
  listQuery,
  patchQuery,
  type QueryName,
  readQuery,
  subresourceQueries,
  writeQuery,
} from './query-parameters.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

interface Place {
  readonly resource: OpenApiResource
  readonly schemas: Schemas
  /** `AppsV1Namespaced`, `CoreV1`. */
  readonly id: string
  readonly tag: string
  readonly types: MediaTypes
}

type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

interface VerbFacts {
  readonly method: string
  readonly action: string
  readonly word: string
  readonly query: readonly QueryName[]
  readonly codes: readonly string[]
  readonly text: (what: string) => string
}

const verbs: Readonly<Record<Verb, VerbFacts>> = {
  get: {
    method: 'get',
    action: 'get',
    word: 'read',
    query: readQuery,
    codes: ['200'],
    text: (what) => `read ${what}`,
  },
  list: {
    method: 'get',
    action: 'list',
    word: 'list',
    query: listQuery,
    codes: ['200'],
    text: (what) => `list ${what}`,
  },
  create: {
    method: 'post',
    action: 'post',
    word: 'create',
    query: writeQuery,
    codes: ['200', '201', '202'],
    text: (what) => `create ${what}`,
  },
  update: {
    method: 'put',
    action: 'put',
    word: 'replace',
    query: writeQuery,
    codes: ['200', '201'],
    text: (what) => `replace ${what}`,
  },
  patch: {
    method: 'patch',
    action: 'patch',
    word: 'patch',
    query: patchQuery,
    codes: ['200', '201'],
    text: (what) => `partially update ${what}`,
  },
  delete: {
    method: 'delete',
    action: 'delete',
    word: 'delete',
    query: deleteQuery,
    codes: ['200', '202'],
    text: (what) => `delete ${what}`,
  },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    word: 'delete',
    query: deleteCollectionQuery,
    codes: ['200'],
    text: (what) => `delete collection of ${what}`,
  },
}

function bodyOf(verb: Verb, type: string): Operation['body'] {
  if (verb === 'create' || verb === 'update') return { type, required: true }
  if (verb === 'patch') return { type: `${meta}Patch`, required: true }
  return verb === 'delete' || verb === 'deletecollection'
    ? { type: `${meta}DeleteOptions`, required: false }
    : undefined
}

function operation(
  place: Place,
  verb: Verb,
  kind: GroupVersionKind,
  idAndText: readonly [string, string],
): Operation {
  const { method, action, word, query, codes, text } = verbs[verb]
  const [id, what] = idAndText
  const { custom } = place.resource
  const isOwn = custom !== undefined && kind.kind === place.resource.kind
  const type = isOwn ? customTypeName(place.resource) : (typeOf(kind, place.schemas) ?? '')
  const list = isOwn ? customTypeName({ ...place.resource, kind: custom.listKind }) : `${type}List`
  const isStatus =
    verb === 'deletecollection' || (verb === 'delete' && place.resource.returnsDeleted !== true)
  const answer = isStatus ? `${meta}Status` : verb === 'list' ? list : type
  const body = bodyOf(verb, type)
  return {
    method,
    action,
    kind: { group: kind.group, version: kind.version, kind: kind.kind },
    operationId: `${word}${id}`,
    description: text(what),
    query,
    ...(body === undefined ? {} : { body }),
    answers: Object.fromEntries(codes.map((code) => [code, answer])),
    consumes: verb === 'patch' ? place.types.patch : custom === undefined ? anyType : place.types.object,
    produces: verb === 'list' ? place.types.list : place.types.object,
  }
}

function mainOperations(place: Place, wanted: readonly Verb[], ending = ''): readonly Operation[] {
  const { resource, id } = place
  return wanted
    .filter((verb) => resource.verbs.includes(verb))
    .map((verb) => {
      const collection = verb === 'deletecollection' ? 'Collection' : ''
      const what = described(verb, resource)
      return operation(place, verb, resource, [insertWord(id, collection) + resource.kind + ending, what])
    })
}

/** `a Deployment`, `an Event`, `Endpoints`; what exists is `the specified Deployment`. */
function described(verb: Verb, { kind, verbs: all }: OpenApiResource): string {
  if (verb === 'list') return `${all.includes('watch') ? 'or watch ' : ''}objects of kind ${kind}`
  if (verb === 'deletecollection') return kind
  if (verb !== 'create' && verb !== 'delete') return `the specified ${kind}`
  if (kind === 'Endpoints') return kind
  return `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind}`
}

/** `AppsV1Namespaced` → `AppsV1CollectionNamespaced`, or with a method before connect's. */
const insertWord = (id: string, word: string): string =>
  id.endsWith('Namespaced') ? `${id.slice(0, -'Namespaced'.length)}${word}Namespaced` : id + word

const namespaceParameter = {
  name: 'namespace',
  description: 'object name and auth scope, such as for teams and projects',
} as const

function connectOperations(place: Place, subresource: OpenApiSubresource): readonly Operation[] {
  const { name, verbs: all } = subresource
  const [base = '', rest] = name.split('/')
  const query = subresourceQueries[base] ?? []
  return all
    .filter((verb) => verb.startsWith('connect:'))
    .map((verb) => {
      const method = verb.slice('connect:'.length)
      const id = `${insertWord(place.id, capital(method.toLowerCase()))}${place.resource.kind}${capital(base)}`
      return {
        method: method.toLowerCase(),
        action: 'connect',
        kind: { group: subresource.group, version: subresource.version, kind: subresource.kind },
        operationId: `connect${id}${rest === undefined ? '' : 'WithPath'}`,
        description: `connect ${method} requests to ${base} of ${place.resource.kind}`,
        query,
        answers: { '200': '' },
        consumes: anyType,
        produces: anyType,
      }
    })
}

const subresourceVerbs: readonly Verb[] = ['get', 'update', 'patch', 'create']

function subresourceEntry(place: Place, itemPath: string, subresource: OpenApiSubresource): PathEntry {
  const { name } = subresource
  const { resource, id, tag } = place
  const ownId = `${id}${resource.kind}${name.split(/[-/]/).map(capital).join('')}`
  const isText = name === 'log'
  const operations = subresourceVerbs
    .filter((verb) => subresource.verbs.includes(verb))
    .map((verb) => operation(place, verb, subresource, [ownId, `${name} of ${described(verb, resource)}`]))
    .map((found) =>
      isText
        ? {
            ...found,
            query: subresourceQueries.log ?? [],
            answers: { '200': '' },
            produces: ['text/plain', ...found.produces],
          }
        : found,
    )
  const withPath = name.includes('{path}')
    ? [{ name: 'path', description: 'path to the resource' } as const]
    : []
  return pathEntry({
    path: `${itemPath}/${name}`,
    tag,
    parameters: [...itemParameters(resource, subresource.kind), ...withPath],
    operations: [...operations, ...connectOperations(place, subresource)],
  })
}

/** The paths of a resource's watches that came before the parameter of that name. */
function watchEntries(place: Place, root: string): readonly PathEntry[] {
  const { resource, id, tag, types } = place
  const { namespaced, verbs: all, kind, group, version } = resource
  if (resource.custom !== undefined || !all.includes('watch')) return []
  const plural = resource.resource
  const everywhere = groupId(group) + capital(version)
  const instead = "deprecated: use the 'watch' parameter with a list operation instead"
  const entry = (path: string, parameters: readonly PathParameter[], operationId: string): PathEntry => {
    const isOne = path.endsWith('{name}')
    const operation: Operation = {
      method: 'get',
      action: isOne ? 'watch' : 'watchlist',
      kind: { group, version, kind },
      operationId: `watch${operationId}`,
      description: isOne
        ? `watch changes to an object of kind ${kind}. ${instead}, filtered to a single item with the 'fieldSelector' parameter.`
        : `watch individual changes to a list of ${kind}. ${instead}.`,
      query: listQuery,
      answers: { '200': `${meta}WatchEvent` },
      consumes: anyType,
      produces: types.list,
    }
    return pathEntry({ path: `${root}/watch/${path}`, tag, parameters, operations: [operation] })
  }
  const collection = namespaced ? `namespaces/{namespace}/${plural}` : plural
  const inNamespace = namespaced ? [namespaceParameter] : []
  return [
    ...(namespaced ? [entry(plural, [], `${everywhere}${kind}ListForAllNamespaces`)] : []),
    ...(all.includes('list') ? [entry(collection, inNamespace, `${id}${kind}List`)] : []),
    ...(all.includes('get')
      ? [entry(`${collection}/{name}`, itemParameters(resource, kind), id + kind)]
      : []),
  ]
}

function itemParameters(resource: OpenApiResource, kind: string): PathEntry['parameters'] {
  const name = { name: 'name', description: `name of the ${kind}` } as const
  return resource.namespaced ? [name, namespaceParameter] : [name]
}

/** All paths of a resource. */
export function pathsOf(
  resource: OpenApiResource,
  schemas: Schemas,
  types: MediaTypes,
): readonly PathEntry[] {
  const root = `/${servedAt(resource)}`
  const tag = tagOf(resource.group, resource.version)
  const groupAndVersion = groupId(resource.group) + capital(resource.version)
  const id = resource.namespaced ? `${groupAndVersion}Namespaced` : groupAndVersion
  const place: Place = { resource, schemas, id, tag, types }
  const plural = `${root}/${resource.resource}`
  const collection = resource.namespaced ? `${root}/namespaces/{namespace}/${resource.resource}` : plural
  const entries: PathEntry[] = []
  if (resource.namespaced) {
    const operations = mainOperations({ ...place, id: groupAndVersion }, ['list'], 'ForAllNamespaces')
    entries.push(pathEntry({ path: plural, tag, parameters: [], operations }))
  }
  entries.push(
    pathEntry({
      path: collection,
      tag,
      parameters: resource.namespaced ? [namespaceParameter] : [],
      operations: mainOperations(place, ['list', 'create', 'deletecollection']),
    }),
  )
  const item = `${collection}/{name}`
  entries.push(
    pathEntry({
      path: item,
      tag,
      parameters: itemParameters(resource, resource.kind),
      operations: mainOperations(place, ['get', 'update', 'patch', 'delete']),
    }),
  )
  for (const subresource of resource.subresources) {
    entries.push(subresourceEntry(place, item, subresource))
    if (subresource.name === 'proxy')
      entries.push(subresourceEntry(place, item, { ...subresource, name: 'proxy/{path}' }))
  }
  entries.push(...watchEntries(place, root))
  return entries.filter(({ operations }) => operations.length > 0)
}
