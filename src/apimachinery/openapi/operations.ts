import type { GroupVersionKind } from '../define-kind.ts'
import type { Schemas } from '../schema.ts'
import { customTypeName } from './custom-types.ts'
import { type OpenApiResource, type OpenApiSubresource, servedAt, typeOf } from './openapi-resource.ts'
import {
  deleteCollectionQuery,
  deleteQuery,
  listQuery,
  patchQuery,
  type QueryName,
  subresourceQueries,
  writeQuery,
} from './query-parameters.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

/** One method of one path, before either version of OpenAPI words it. */
export interface Operation {
  /** Lower case. */
  readonly method: string
  /** `x-kubernetes-action`; absent for discovery. */
  readonly action?: string
  readonly kind?: GroupVersionKind
  readonly operationId: string
  readonly description: string
  readonly query: readonly QueryName[]
  readonly body?: { readonly type: string; readonly required: boolean }
  /** Status code → type of the answer; '' for text. */
  readonly answers: Readonly<Record<string, string>>
  /** Lists stream as watches too. */
  readonly watchable: boolean
  /** Of a custom resource: no strategic merge, no protobuf. */
  readonly custom?: true
}

export interface PathEntry {
  readonly path: string
  /** `apps_v1`. */
  readonly tag: string
  readonly parameters: readonly {
    readonly name: 'name' | 'namespace' | 'path'
    readonly description: string
  }[]
  readonly operations: readonly Operation[]
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

/** `Core`, `Apps`, `RbacAuthorization`: a group in operation ids. */
const groupId = (group: string): string =>
  group === ''
    ? 'Core'
    : group
        .replace(/\.k8s\.io$/, '')
        .split('.')
        .map(capital)
        .join('')

interface Place {
  readonly resource: OpenApiResource
  readonly schemas: Schemas
  /** `AppsV1Namespaced`, `CoreV1`. */
  readonly id: string
  readonly tag: string
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
    query: [],
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
  const isDelete = verb === 'delete' || verb === 'deletecollection'
  const answer = isDelete ? `${meta}Status` : verb === 'list' ? list : type
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
    watchable: verb === 'list' && place.resource.verbs.includes('watch'),
    ...(custom === undefined ? {} : { custom: true as const }),
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
  const query = subresourceQueries[name.split('/')[0] ?? ''] ?? []
  return all
    .filter((verb) => verb.startsWith('connect:'))
    .map((verb) => {
      const method = verb.slice('connect:'.length)
      const words = name.split('/')
      const [base = '', rest] = words
      const id = `${insertWord(place.id, capital(method.toLowerCase()))}${place.resource.kind}${capital(base)}`
      return {
        method: method.toLowerCase(),
        action: 'connect',
        kind: { group: subresource.group, version: subresource.version, kind: subresource.kind },
        operationId: `connect${id}${rest === undefined ? '' : 'WithPath'}`,
        description: `connect ${method} requests to ${base} of ${place.resource.kind}`,
        query,
        answers: { '200': '' },
        watchable: false,
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
      isText ? { ...found, query: subresourceQueries.log ?? [], answers: { '200': '' } } : found,
    )
  const withPath = name.includes('{path}')
    ? [{ name: 'path', description: 'path to the resource' } as const]
    : []
  return {
    path: `${itemPath}/${name}`,
    tag,
    parameters: [...itemParameters(resource, subresource.kind), ...withPath],
    operations: [...operations, ...connectOperations(place, subresource)],
  }
}

function itemParameters(resource: OpenApiResource, kind: string): PathEntry['parameters'] {
  const name = { name: 'name', description: `name of the ${kind}` } as const
  return resource.namespaced ? [name, namespaceParameter] : [name]
}

/** All paths of a resource, in the order of their names. */
export function pathsOf(resource: OpenApiResource, schemas: Schemas): readonly PathEntry[] {
  const root = `/${servedAt(resource)}`
  const tag = `${lower(groupId(resource.group))}_${resource.version}`
  const groupAndVersion = groupId(resource.group) + capital(resource.version)
  const id = resource.namespaced ? `${groupAndVersion}Namespaced` : groupAndVersion
  const place: Place = { resource, schemas, id, tag }
  const collection = resource.namespaced
    ? `${root}/namespaces/{namespace}/${resource.resource}`
    : `${root}/${resource.resource}`
  const entries: PathEntry[] = []
  if (resource.namespaced) {
    const everywhere = { ...place, id: groupAndVersion }
    const operations = mainOperations(everywhere, ['list'], 'ForAllNamespaces')
    entries.push({ path: `${root}/${resource.resource}`, tag, parameters: [], operations })
  }
  entries.push({
    path: collection,
    tag,
    parameters: resource.namespaced ? [namespaceParameter] : [],
    operations: mainOperations(place, ['list', 'create', 'deletecollection']),
  })
  const item = `${collection}/{name}`
  entries.push({
    path: item,
    tag,
    parameters: itemParameters(resource, resource.kind),
    operations: mainOperations(place, ['get', 'update', 'patch', 'delete']),
  })
  for (const subresource of resource.subresources) entries.push(subresourceEntry(place, item, subresource))
  return entries.filter(({ operations }) => operations.length > 0)
}
