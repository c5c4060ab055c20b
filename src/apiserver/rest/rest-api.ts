import type { KindDeclaration, Verb } from '../../apimachinery/define-kind.ts'
import type { DeleteOptions } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { assert } from '../../base/assert.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { ComputedResource, SubresourceEndpoint, VirtualResource } from '../endpoint.ts'
import type { Representations } from '../represent/representations.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { methodRefused, notRouted, type UnknownPaths } from '../routing.ts'
import { type WatchServices, watch } from '../watch/watch.ts'
import { answerList, answerObject } from './answer.ts'
import { readBody, readOptionsBody } from './body.ts'
import { getComputed, listComputed } from './computed.ts'
import { unsafeGate } from './corrupt.ts'
import { createObject } from './create.ts'
import { deleteObject } from './delete.ts'
import { deleteCollection } from './delete-collection.ts'
import {
  checkDeleteOptions,
  deleteOptionsFromBody,
  deleteOptionsFromQuery,
  unsafeOption,
} from './delete-options.ts'
import { Deprecations } from './deprecations.ts'
import { get } from './get.ts'
import { listSelected } from './list.ts'
import { listOptions } from './list-options.ts'
import type { Outcome } from './outcome.ts'
import { patch } from './patch.ts'
import { put } from './put.ts'
import type { Resource } from './resource.ts'
import type { RestContext } from './rest-context.ts'
import { getScale, patchScale, putScale } from './scale.ts'
import { ownAliases, ownSubresources } from './subresources.ts'
import { refuseUnsafeCollection, unsafeDelete } from './unsafe-delete.ts'
import { VirtualEndpoint } from './virtual-endpoint.ts'
import { writeOptions } from './write-options.ts'

/** A resource and how it is shown. */
export interface ServedResource {
  readonly resource: Resource
  readonly representations: Representations
}

/** Resources that come and go while the server runs. */
export interface DynamicResources {
  /** Undefined where nothing of that name is served. Rejects when what is served cannot be made ready. */
  find(group: string, version: string, resource: string): Promise<ServedResource> | undefined
}

export interface RestApiOptions {
  readonly context: RestContext
  readonly logger: Logger
  readonly metrics: Metrics
  readonly served: readonly ServedResource[]
  readonly subresources: readonly SubresourceEndpoint[]
  readonly virtual: readonly VirtualResource[]
  readonly computed: readonly ComputedResource[]
  /** The declarations of kinds that are not stored. */
  readonly virtualKinds: readonly KindDeclaration[]
  readonly watches: WatchServices
  readonly dynamic?: DynamicResources | undefined
  readonly unknown: UnknownPaths
}

const key = (group: string, version: string, resource: string): string => `${group}/${version}/${resource}`

/** Everything below `/api` and `/apis` that is a resource: finds the resource and the verb, and lets them work. */
export class RestApi {
  readonly #options: RestApiOptions
  readonly #served = new Map<string, ServedResource>()
  readonly #virtual = new Map<string, VirtualEndpoint>()
  readonly #computed = new Map<string, ComputedResource>()
  readonly #deprecations: Deprecations
  readonly #subresources = new Map<string, SubresourceEndpoint>()

  constructor(options: RestApiOptions) {
    this.#options = options
    this.#deprecations = new Deprecations(options.metrics)
    for (const served of options.served) {
      const { group, version, resource } = served.resource.kind
      this.#served.set(key(group, version, resource), served)
    }
    for (const virtual of options.virtual) {
      const { group, version, resource } = virtual
      const kind = options.virtualKinds.find(
        (candidate) =>
          candidate.group === group && candidate.version === version && candidate.resource === resource,
      )
      assert(kind !== undefined, `${resource} of ${group}/${version} has no declaration`)
      this.#virtual.set(key(group, version, resource), new VirtualEndpoint(virtual, kind, options.context))
    }
    for (const computed of options.computed)
      this.#computed.set(key(computed.group, computed.version, computed.resource), computed)
    for (const endpoint of options.subresources)
      this.#subresources.set(key(endpoint.group, endpoint.resource, endpoint.subresource), endpoint)
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const { group, version, resource } = request.info
    const served = this.#served.get(key(group, version, resource))
    if (served !== undefined) return this.#handleServed(served, request)
    const dynamic = this.#options.dynamic?.find(group, version, resource)
    if (dynamic === undefined) return this.#handleVirtual(request)
    return this.#handleServed(await dynamic, request)
  }

  async #handleServed(served: ServedResource, request: ServerRequest): Promise<ServerResponse> {
    const { subresource } = request.info
    if (!isInScope(served.resource.kind, request)) throw notRouted()
    if (!request.source.wantsObjects) checkRoute(served, request)
    if (subresource !== '' || !isRead(request.info.verb)) {
      // Beside other servers: whoever writes, and whatever judges it, sees what had been acknowledged anywhere.
      const waiting = this.#options.context.mirror.fresh()
      if (waiting !== undefined) await waiting
    }
    if (subresource !== '' || request.info.verb !== 'create') {
      const id = idOf(served.resource, request)
      const retried = served.resource.retryCorrupt(id)
      if (retried !== undefined) await retried
      const settled = served.resource.settled(id)
      if (settled !== undefined) await settled
    }
    if (subresource === '') return this.#handleMain(served, request)
    return this.#handleSubresource(served, request)
  }

  async #handleVirtual(request: ServerRequest): Promise<ServerResponse> {
    const { group, version, resource, verb, subresource, name } = request.info
    const alias = ownAliases[key(group, version, resource)]
    const aliased = alias === undefined ? undefined : this.#served.get(alias.of)
    if (alias !== undefined && aliased !== undefined && verb === 'create' && name === '') {
      request.isRouted = true
      return this.#answer(aliased, request, alias.create(aliased.resource, request))
    }
    const virtual = this.#virtual.get(key(group, version, resource))
    const hasNoRoute = isOldWatch(request) || (isAcrossNamespaces(verb) && request.info.namespace === '')
    if (aliased !== undefined) throw hasNoRoute ? notRouted() : methodRefused()
    if (virtual === undefined || subresource !== '' || name !== '' || isOldWatch(request))
      return this.#options.unknown.answer(request.path)
    if (verb !== 'create') throw methodRefused()
    request.isRouted = true
    return virtual.create(request)
  }

  #handleMain(served: ServedResource, request: ServerRequest): Promise<ServerResponse> {
    const { kind } = served.resource
    const { verb, name } = request.info
    const known = kind.verbs.find((candidate) => candidate === verb)
    if (known === undefined && verb === 'watch' && kind.verbs.includes('list')) {
      // The paths of old are there for what can be watched, the parameter for whatever is listed.
      if (isOldWatch(request)) throw notRouted()
      this.#deprecations.note(request, kind)
      const why = `watch is not supported on resources of kind "${kind.resource}"`
      throw statusError('MethodNotAllowed', why, { kind: kind.resource })
    }
    if (known === undefined || isOfCollection(known) === (name !== '' && !isAcrossNamespaces(known)))
      throw methodRefused()
    if (kind.namespaced && request.info.namespace === '' && !isAcrossNamespaces(known)) throw methodRefused()
    request.isRouted = true
    this.#deprecations.note(request, kind)
    if (!request.source.wantsObjects) served.representations.negotiate(request)
    switch (known) {
      case 'list':
      case 'watch':
        return this.#readMany(served, request)
      case 'deletecollection':
        return this.#deleteMany(served, request)
      case 'get':
        return this.#answer(served, request, this.#get(served.resource, request))
      case 'create':
        return this.#answer(served, request, this.#create(served.resource, request))
      case 'update':
        return this.#answer(served, request, put(served.resource, request))
      case 'patch':
        return this.#answer(served, request, patch(served.resource, request))
      case 'delete':
        return this.#answer(served, request, this.#delete(served.resource, request))
    }
  }

  async #answer(
    { resource, representations }: ServedResource,
    request: ServerRequest,
    outcome: Promise<Outcome>,
  ): Promise<ServerResponse> {
    return answerObject(resource, request, representations, await outcome)
  }

  #get(resource: Resource, request: ServerRequest): Promise<Outcome> {
    const computed = this.#computedAs(resource)
    return computed === undefined ? get(resource, request) : getComputed(computed, request.info.name)
  }

  #computedAs({ kind: { group, version, resource } }: Resource): ComputedResource | undefined {
    return this.#computed.size === 0 ? undefined : this.#computed.get(key(group, version, resource))
  }

  async #create(resource: Resource, request: ServerRequest): Promise<Outcome> {
    const options = writeOptions(request, 'CreateOptions')
    const body = readBody(resource, request, options.fieldValidation)
    const object = body instanceof Promise ? await body : body
    const { namespace } = request.info
    return createObject({ resource, request, namespace, name: '', options }, object)
  }

  async #delete(resource: Resource, request: ServerRequest): Promise<Outcome> {
    const { namespace, name } = request.info
    const options = await readDeleteOptions(resource.context, request)
    if (options[unsafeOption] === true) return unsafeDelete(resource, request)
    warnOfOrphans(resource, request, options)
    return deleteObject({ resource, request, namespace, name, options })
  }

  async #readMany(
    { resource, representations }: ServedResource,
    request: ServerRequest,
  ): Promise<ServerResponse> {
    const { logger } = this.#options
    const computed = this.#computedAs(resource)
    if (computed !== undefined) {
      const result = await listComputed(resource, computed, request)
      return answerList(resource, request, representations, result, logger)
    }
    const options = listOptions(request, resource.kind)
    if (options.watch) return watch(resource, request, options, representations, this.#options.watches)
    const namespace = resource.kind.namespaced ? request.info.namespace : ''
    const result = await listSelected(resource, namespace, options)
    return answerList(resource, request, representations, result, logger)
  }

  async #deleteMany(
    { resource, representations }: ServedResource,
    request: ServerRequest,
  ): Promise<ServerResponse> {
    const options = await readDeleteOptions(resource.context, request)
    refuseUnsafeCollection(options)
    warnOfOrphans(resource, request, options)
    const deleted = await deleteCollection(resource, request, options)
    return answerList(resource, request, representations, deleted, this.#options.logger)
  }

  #handleSubresource(served: ServedResource, request: ServerRequest): Promise<ServerResponse> {
    const { kind } = served.resource
    const { subresource, verb } = request.info
    const endpoint = this.#subresources.get(key(kind.group, kind.resource, subresource))
    if (endpoint !== undefined) {
      if (!endpoint.methods.includes(request.method)) throw methodRefused()
      request.isRouted = true
      return endpoint.handle(request, kind)
    }
    const handler = handlerOf(kind, subresource, verb)
    if (handler === undefined) throw notRouted()
    if (handler === 'refused') throw methodRefused()
    request.isRouted = true
    if (kind.subresources.status !== undefined && subresource === 'status')
      this.#deprecations.note(request, kind)
    return this.#answer(served, request, handler(served.resource, request))
  }
}

/** Objects of namespaces are below a namespace, others are not. A Namespace's path says its own name as namespace. */
function isInScope(kind: KindDeclaration, { info }: ServerRequest): boolean {
  const { namespace, name, verb } = info
  if (!kind.namespaced) return namespace === '' || namespace === name
  return namespace !== '' || name === '' || isAcrossNamespaces(verb)
}

/** What upstream's router refuses before anybody reads the request. */
function checkRoute({ resource, representations }: ServedResource, request: ServerRequest): void {
  const { verb, parts, subresource } = request.info
  // What is behind a proxy has its own opinion.
  if (request.method === 'HEAD' && subresource !== 'proxy') throw methodRefused()
  if (verb === 'watch' && parts.length > 2) throw notRouted()
  if (verb === 'watch' && request.method !== 'GET')
    throw resource.kind.verbs.includes('watch') ? methodRefused() : notRouted()
  if (subresource === '') representations.checkAccepted(request, isAcrossNamespaces(verb))
}

/** `/api/v1/watch/…`, as it was before there was a parameter. */
const isOldWatch = ({ path, info }: ServerRequest): boolean =>
  path.split('/')[info.apiPrefix === 'api' ? 3 : 4] === 'watch'

/** Of the one object that a request is about, if it is. */
const idOf = (resource: Resource, { info }: ServerRequest): string | undefined =>
  info.name === '' || isAcrossNamespaces(info.verb) ? undefined : resource.id(info.namespace, info.name)

const isOfCollection = (verb: Verb): boolean =>
  verb === 'create' || verb === 'deletecollection' || isAcrossNamespaces(verb)

/** They say themselves how fresh they want it. */
const isRead = (verb: string): boolean => verb === 'get' || isAcrossNamespaces(verb)

/** A list or watch may name an object, too: by its field selector. */
const isAcrossNamespaces = (verb: string): boolean => verb === 'list' || verb === 'watch'

type Handler = (resource: Resource, request: ServerRequest) => Promise<Outcome>

function handlerOf(
  kind: KindDeclaration,
  subresource: string,
  verb: string,
): Handler | 'refused' | undefined {
  const own = ownSubresources[key(kind.group, kind.resource, subresource)]
  if (own !== undefined) return own[verb] ?? 'refused'
  const { status, scale, parts = [] } = kind.subresources
  if (subresource === 'scale' && scale !== undefined)
    return { get: getScale, update: putScale, patch: patchScale }[verb] ?? 'refused'
  if (!parts.includes(subresource) && !(subresource === 'status' && status !== undefined)) return undefined
  return { get, update: put, patch }[verb] ?? 'refused'
}

/** Those who say nothing of dependents leave them behind. */
function warnOfOrphans({ kind }: Resource, request: ServerRequest, options: DeleteOptions): void {
  const { orphansWarning } = kind
  if (orphansWarning === undefined) return
  if (options.propagationPolicy === undefined && options.orphanDependents === undefined)
    request.warn(orphansWarning)
}

async function readDeleteOptions(context: RestContext, request: ServerRequest): Promise<DeleteOptions> {
  const body = await readOptionsBody(context, request)
  const given =
    body === undefined ? deleteOptionsFromQuery(request.query) : deleteOptionsFromBody(context, body)
  return checkDeleteOptions(
    context.features.enabled(unsafeGate) ? given : { ...given, [unsafeOption]: false },
  )
}
