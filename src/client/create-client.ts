import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { DeleteOptions, KubernetesList, KubernetesObject, WatchEvent } from '../apimachinery/meta.ts'
import type { ApiRequest, ApiResponse, Method, PatchType, Transport } from '../apimachinery/transport.ts'
import { assert } from '../base/assert.ts'
import { defined } from '../base/defined.ts'
import type {
  Client,
  ListOptions,
  PatchOptions,
  ReadOptions,
  ResourceClient,
  WatchOptions,
  WriteOptions,
} from './client.ts'
import { apiVersionOf, resourcePath } from './resource-path.ts'

/** What a write says where its own options do not. */
export interface ClientDefaults {
  readonly fieldManager?: string
}

type Query = Record<string, string>

/** What the server answers is of the kind that was asked for: it validated it, or wrote it for this path. */
const trusted = <T>(body: unknown): T => body as T

function readQuery(options: ReadOptions): Query {
  return options.resourceVersion === undefined ? {} : { resourceVersion: options.resourceVersion }
}

function listQuery(options: ListOptions): Query {
  return defined({
    resourceVersion: options.resourceVersion,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit === undefined ? undefined : String(options.limit),
    continue: options.continue,
    resourceVersionMatch: options.resourceVersionMatch,
  })
}

function watchQuery(options: WatchOptions): Query {
  return {
    ...listQuery(options),
    watch: 'true',
    ...(options.allowWatchBookmarks ? { allowWatchBookmarks: 'true' } : {}),
    ...(options.sendInitialEvents === undefined
      ? {}
      : { sendInitialEvents: String(options.sendInitialEvents) }),
    ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: String(options.timeoutSeconds) }),
  }
}

class TypedResource<T extends KubernetesObject> implements ResourceClient<T> {
  readonly kind: KindDeclaration<T>
  readonly #transport: Transport
  readonly #defaults: ClientDefaults

  constructor(kind: KindDeclaration<T>, transport: Transport, defaults: ClientDefaults) {
    this.kind = kind
    this.#transport = transport
    this.#defaults = defaults
  }

  async get(namespace: string, name: string, options: ReadOptions = {}): Promise<T> {
    const path = this.#objectPath(namespace, name)
    return trusted<T>((await this.#send('GET', path, readQuery(options), options)).body)
  }

  async list(options: ListOptions = {}): Promise<KubernetesList<T>> {
    const path = resourcePath(this.kind, options.namespace)
    const list = trusted<KubernetesList<T>>((await this.#send('GET', path, listQuery(options), options)).body)
    return { ...list, items: (list.items ?? []).map((item) => this.#named(item)) }
  }

  watch(options: WatchOptions = {}): AsyncIterable<readonly WatchEvent<T>[]> {
    const events = this.#transport.watch({
      method: 'GET',
      path: resourcePath(this.kind, options.namespace),
      query: watchQuery(options),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    return trusted<AsyncIterable<readonly WatchEvent<T>[]>>(events)
  }

  async create(object: T, options: WriteOptions = {}): Promise<T> {
    const path = resourcePath(this.kind, object.metadata?.namespace)
    return this.#write('POST', path, object, options)
  }

  async update(object: T, options: WriteOptions = {}): Promise<T> {
    return this.#write('PUT', this.#pathOf(object), object, options)
  }

  async updateStatus(object: T, options: WriteOptions = {}): Promise<T> {
    return this.#write('PUT', this.#pathOf(object, 'status'), object, options)
  }

  async patch(
    namespace: string,
    name: string,
    type: PatchType,
    patch: unknown,
    options: PatchOptions = {},
  ): Promise<T> {
    const query = this.#writeQuery(options)
    if (options.force !== undefined) query.force = String(options.force)
    const path = this.#objectPath(namespace, name, options.subresource)
    const response = await this.#send('PATCH', path, query, options, patch, type)
    return trusted<T>(response.body)
  }

  apply(object: T, options: PatchOptions & { readonly fieldManager: string }): Promise<T> {
    const { namespace = '', name } = object.metadata ?? {}
    assert(name, 'an object without a name is applied')
    return this.patch(namespace, name, 'application/apply-patch+yaml', this.#named(object), options)
  }

  async delete(namespace: string, name: string, options: DeleteOptions = {}): Promise<KubernetesObject> {
    const path = this.#objectPath(namespace, name)
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options }
    return trusted<KubernetesObject>((await this.#send('DELETE', path, {}, {}, body)).body)
  }

  async deleteCollection(selection: ListOptions, options: DeleteOptions = {}): Promise<void> {
    const path = resourcePath(this.kind, selection.namespace)
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options }
    await this.#send('DELETE', path, listQuery(selection), selection, body)
  }

  async createSubresource<R extends KubernetesObject>(
    namespace: string,
    name: string,
    subresource: string,
    body: KubernetesObject,
  ): Promise<R> {
    const path = this.#objectPath(namespace, name, subresource)
    return trusted<R>((await this.#send('POST', path, this.#writeQuery({}), {}, body)).body)
  }

  async getSubresource<R extends KubernetesObject>(
    namespace: string,
    name: string,
    subresource: string,
  ): Promise<R> {
    const path = this.#objectPath(namespace, name, subresource)
    return trusted<R>((await this.#send('GET', path, {}, {})).body)
  }

  async updateSubresource<R extends KubernetesObject>(
    namespace: string,
    name: string,
    subresource: string,
    body: KubernetesObject,
  ): Promise<R> {
    const path = this.#objectPath(namespace, name, subresource)
    return trusted<R>((await this.#send('PUT', path, this.#writeQuery({}), {}, body)).body)
  }

  /** Upstream's lists carry no kind on their items; whoever refers to one (events, owner references) needs it. */
  #named(object: T): T {
    if (object.kind !== undefined && object.apiVersion !== undefined) return object
    return { apiVersion: apiVersionOf(this.kind), kind: this.kind.kind, ...object }
  }

  #objectPath(namespace: string, name: string, subresource?: string): string {
    assert(name !== '', `a request for ${this.kind.resource} names no object`)
    assert(!this.kind.namespaced || namespace !== '', `a request for ${this.kind.resource} has no namespace`)
    return resourcePath(this.kind, namespace, name, subresource)
  }

  #pathOf(object: T, subresource?: string): string {
    return this.#objectPath(object.metadata?.namespace ?? '', object.metadata?.name ?? '', subresource)
  }

  #writeQuery(options: WriteOptions): Query {
    return defined({
      dryRun: options.dryRun ? 'All' : undefined,
      fieldManager: options.fieldManager ?? this.#defaults.fieldManager,
      fieldValidation: options.fieldValidation,
    })
  }

  async #write(method: Method, path: string, object: T, options: WriteOptions): Promise<T> {
    const response = await this.#send(method, path, this.#writeQuery(options), options, this.#named(object))
    return trusted<T>(response.body)
  }

  #send(
    method: Method,
    path: string,
    query: Query,
    options: { readonly signal?: AbortSignal },
    body?: unknown,
    contentType?: PatchType,
  ): Promise<ApiResponse> {
    const request: ApiRequest = {
      method,
      path,
      query,
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }
    return this.#transport.request(request)
  }
}

/** A typed client over any transport; it acts as the transport's user. */
export function createClient(transport: Transport, defaults: ClientDefaults = {}): Client {
  return {
    transport,
    resource: (kind) => new TypedResource(kind, transport, defaults),
  }
}
