import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { DeleteOptions, KubernetesObject, ObjectMeta, WatchEvent } from '../../apimachinery/meta.ts'
import { deletePrefix } from '../../apimachinery/patch/directives.ts'
import { parseFieldSelector } from '../../apimachinery/selectors/field-selector.ts'
import { parseLabelSelector } from '../../apimachinery/selectors/parse-label-selector.ts'
import {
  alreadyExists,
  conflict,
  expired,
  notFound,
  objectModified,
  type StatusError,
} from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { ApiRequest, ApiResponse, Transport } from '../../apimachinery/transport.ts'
import { AsyncQueue } from '../../base/async-queue.ts'
import type { Host } from '../../base/host.ts'

interface Place {
  /** `/apis/apps/v1/deployments`: the resource without namespace. */
  readonly resource: string
  readonly subject: { readonly group: string; readonly resource: string; readonly name: string }
  readonly namespace: string
  readonly name: string
  readonly subresource: string
}

interface Recorded {
  readonly resource: string
  readonly revision: number
  readonly event: WatchEvent
}

interface Watcher {
  readonly resource: string
  readonly matches: (object: KubernetesObject) => boolean
  readonly queue: AsyncQueue<readonly WatchEvent[]>
}

type Mutable = Record<string, unknown> & { metadata: ObjectMeta }

/** Answers instead of the fake where it returns something; may throw. */
export type Interceptor = (request: ApiRequest) => unknown

/** A small API server in memory for tests of clients and controllers: no validation, no defaults, no users. */
export class FakeApi implements Transport {
  readonly requests: ApiRequest[] = []
  readonly interceptors: Interceptor[] = []
  /** Kept objects wait for their finalizers alone; a pod's grace period is the test's to play. */
  readonly #host: Host
  readonly #objects = new Map<string, Map<string, KubernetesObject>>()
  readonly #history: Recorded[] = []
  readonly #watchers = new Set<Watcher>()
  #revision = 100
  #oldest = 0

  constructor(host: Host) {
    this.#host = host
  }

  get revision(): number {
    return this.#revision
  }

  /** Requests that change something, as `METHOD path`. */
  writes(): readonly string[] {
    return this.requests
      .filter(({ method }) => method !== 'GET')
      .map(({ method, path }) => `${method} ${path}`)
  }

  /** Ends every watch, as a server does that goes down. */
  dropWatches(error?: unknown): void {
    for (const watcher of this.#watchers) watcher.queue.end(error)
  }

  /** Watches from earlier revisions fail from now on. */
  forgetHistory(): void {
    this.#oldest = this.#revision
  }

  /** Tells every watcher how far it has got. */
  bookmark(): void {
    const metadata = { resourceVersion: String(this.#revision) }
    for (const watcher of this.#watchers) watcher.queue.push([{ type: 'BOOKMARK', object: { metadata } }])
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    await this.#host.nextTurn()
    if (request.signal?.aborted) throw request.signal.reason
    this.requests.push(request)
    for (const intercept of this.interceptors) {
      const body = intercept(request)
      if (body !== undefined) return { status: 200, body, warnings: [] }
    }
    return { status: 200, body: this.#answer(request), warnings: [] }
  }

  async *watch(request: ApiRequest): AsyncGenerator<readonly WatchEvent[]> {
    await this.#host.nextTurn()
    if (request.signal?.aborted) return
    this.requests.push(request)
    for (const intercept of this.interceptors) intercept(request)
    const place = parsePath(request.path)
    const matches = selection(request, place)
    const queue = new AsyncQueue<readonly WatchEvent[]>()
    const initial = this.#initialEvents(request, place, matches)
    if (initial.length > 0) queue.push(initial)
    const watcher = { resource: place.resource, matches, queue }
    this.#watchers.add(watcher)
    const stop = (): void => queue.end()
    request.signal?.addEventListener('abort', stop)
    try {
      yield* queue
    } finally {
      this.#watchers.delete(watcher)
      request.signal?.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    this.dropWatches()
  }

  #initialEvents(
    request: ApiRequest,
    place: Place,
    matches: (object: KubernetesObject) => boolean,
  ): readonly WatchEvent[] {
    const { resourceVersion = '', sendInitialEvents } = request.query ?? {}
    if (sendInitialEvents === 'true') {
      const state = this.#all(place.resource).filter(matches)
      const annotations = { 'k8s.io/initial-events-end': 'true' }
      const metadata = { resourceVersion: String(this.#revision), annotations }
      const added = state.map((object): WatchEvent => ({ type: 'ADDED', object }))
      return [...added, { type: 'BOOKMARK', object: { metadata } }]
    }
    const from = resourceVersion === '' ? this.#revision : Number(resourceVersion)
    if (from < this.#oldest) throw expired(`too old resource version: ${from} (${this.#oldest})`)
    return this.#history
      .filter(({ resource, revision }) => resource === place.resource && revision > from)
      .map(({ event }) => event)
      .filter(({ object }) => matches(object))
  }

  #all(resource: string): readonly KubernetesObject[] {
    return [...(this.#objects.get(resource)?.values() ?? [])]
  }

  #answer(request: ApiRequest): unknown {
    const place = parsePath(request.path)
    if (request.method === 'GET') {
      if (place.name !== '') return this.#find(place)
      const items = this.#all(place.resource).filter(selection(request, place))
      return { metadata: { resourceVersion: String(this.#revision) }, items }
    }
    if (request.method === 'POST') return this.#create(place, asObject(request.body))
    if (request.method === 'DELETE') return this.#deleteAll(request, place)
    const old = this.#find(place)
    if (request.method === 'PUT') return this.#update(place, old, asObject(request.body))
    const isStrategic = request.contentType === 'application/strategic-merge-patch+json'
    const merged = asObject(mergePatch(old, request.body, isStrategic))
    const uid = asObject(request.body).metadata?.uid
    if (uid !== undefined && uid !== old.metadata?.uid) {
      throw conflict(
        place.subject,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata?.uid}`,
      )
    }
    return this.#update(place, old, merged)
  }

  #find(place: Place): KubernetesObject {
    const found = this.#objects.get(place.resource)?.get(`${place.namespace}/${place.name}`)
    if (found === undefined) throw notFound(place.subject)
    return found
  }

  #create(place: Place, body: KubernetesObject): KubernetesObject {
    if (place.subresource !== '') return body
    const random = Math.floor(this.#host.random() * 36 ** 5).toString(36)
    const name = body.metadata?.name ?? `${body.metadata?.generateName ?? ''}${random.padStart(5, '0')}`
    const subject = { ...place.subject, name }
    const { namespace } = place
    if (this.#objects.get(place.resource)?.has(`${namespace}/${name}`)) throw alreadyExists(subject)
    const created: KubernetesObject = {
      ...body,
      metadata: {
        ...body.metadata,
        name,
        ...(namespace === '' ? {} : { namespace }),
        uid: body.metadata?.uid ?? `uid-${this.#revision + 1}`,
        creationTimestamp: body.metadata?.creationTimestamp ?? formatTime(this.#host.now()),
        generation: body.metadata?.generation ?? 1,
      },
    }
    return this.#store({ ...place, name }, 'ADDED', created)
  }

  #update(place: Place, old: KubernetesObject, body: KubernetesObject): KubernetesObject {
    const { resourceVersion } = body.metadata ?? {}
    if (resourceVersion !== undefined && resourceVersion !== old.metadata?.resourceVersion) {
      throw objectModified(place.subject)
    }
    const next = merged(old, body, place.subresource)
    if (jsonEqual(next, old)) return old
    const specChanged = !jsonEqual(field(next, 'spec'), field(old, 'spec'))
    const generation = (old.metadata?.generation ?? 1) + (specChanged ? 1 : 0)
    const updated = { ...next, metadata: { ...next.metadata, generation } }
    if (updated.metadata.deletionTimestamp !== undefined && !hasFinalizers(updated)) {
      return this.#store(place, 'DELETED', updated)
    }
    return this.#store(place, 'MODIFIED', updated)
  }

  #deleteAll(request: ApiRequest, place: Place): unknown {
    const options = (request.body ?? {}) as DeleteOptions
    if (place.name !== '') return this.#delete(place, this.#find(place), options)
    for (const object of this.#all(place.resource).filter(selection(request, place))) {
      const { name = '', namespace = '' } = object.metadata ?? {}
      this.#delete({ ...place, name, namespace }, object, options)
    }
    return { kind: 'Status', apiVersion: 'v1', status: 'Success' }
  }

  #delete(place: Place, old: KubernetesObject, options: DeleteOptions): KubernetesObject {
    const { uid, resourceVersion } = options.preconditions ?? {}
    if (uid !== undefined && uid !== old.metadata?.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata?.uid}`
      throw conflict(place.subject, why)
    }
    if (resourceVersion !== undefined && resourceVersion !== old.metadata?.resourceVersion) {
      throw objectModified(place.subject)
    }
    const policy = options.propagationPolicy
    const extra = policy === 'Foreground' ? ['foregroundDeletion'] : policy === 'Orphan' ? ['orphan'] : []
    const finalizers = [...new Set([...(old.metadata?.finalizers ?? []), ...extra])]
    const metadata = {
      ...old.metadata,
      ...(finalizers.length === 0 ? {} : { finalizers }),
      deletionTimestamp: old.metadata?.deletionTimestamp ?? formatTime(this.#host.now()),
    }
    if (finalizers.length > 0) return this.#store(place, 'MODIFIED', { ...old, metadata })
    this.#store(place, 'DELETED', old)
    const details = { name: place.name, kind: place.subject.resource, uid: old.metadata?.uid }
    return { kind: 'Status', apiVersion: 'v1', status: 'Success', details } as KubernetesObject
  }

  #store(place: Place, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): KubernetesObject {
    const resourceVersion = String(++this.#revision)
    const stored = freeze({ ...object, metadata: { ...object.metadata, resourceVersion } })
    let objects = this.#objects.get(place.resource)
    if (objects === undefined) {
      objects = new Map()
      this.#objects.set(place.resource, objects)
    }
    const key = `${place.namespace}/${place.name}`
    if (type === 'DELETED') objects.delete(key)
    else objects.set(key, stored)
    const event: WatchEvent = { type, object: stored }
    this.#history.push({ resource: place.resource, revision: this.#revision, event })
    for (const watcher of this.#watchers) {
      if (watcher.resource !== place.resource || !watcher.matches(stored)) continue
      void this.#host.nextTurn().then(() => watcher.queue.push([event]))
    }
    return stored
  }
}

function selection(request: ApiRequest, place: Place): (object: KubernetesObject) => boolean {
  const labels = parseLabelSelector(request.query?.labelSelector ?? '')
  const fields = parseFieldSelector(request.query?.fieldSelector ?? '')
  return (object) =>
    (place.namespace === '' || object.metadata?.namespace === place.namespace) &&
    labels.matches(object.metadata?.labels) &&
    fields.matches((path) => {
      let value: unknown = object
      for (const segment of path.split('.')) value = field(value, segment)
      return typeof value === 'string' ? value : ''
    })
}

function parsePath(path: string): Place {
  const segments = path.split('/').slice(1).map(decodeURIComponent)
  const core = segments[0] === 'api'
  const prefix = segments.slice(0, core ? 2 : 3)
  let rest = segments.slice(prefix.length)
  let namespace = ''
  if (rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize') {
    namespace = rest[1] ?? ''
    rest = rest.slice(2)
  }
  const [resource = '', name = '', subresource = ''] = rest
  const subject = { group: core ? '' : (prefix[1] ?? ''), resource, name }
  return { resource: `/${[...prefix, resource].join('/')}`, subject, namespace, name, subresource }
}

const asObject = (body: unknown): KubernetesObject => body as KubernetesObject

const hasFinalizers = (object: KubernetesObject): boolean =>
  (object.metadata?.finalizers ?? []).length > 0 ||
  ((field(field(object, 'spec'), 'finalizers') as readonly string[] | undefined) ?? []).length > 0

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** On `/status` only status counts, elsewhere everything else; identity is the server's. */
function merged(old: KubernetesObject, body: KubernetesObject, subresource: string): KubernetesObject {
  const { uid, creationTimestamp, deletionTimestamp, resourceVersion } = old.metadata ?? {}
  const oldStatus = field(old, 'status')
  const next: Mutable =
    subresource === 'status'
      ? { ...old, status: field(body, 'status'), metadata: { ...body.metadata } }
      : { ...body, status: oldStatus, metadata: { ...body.metadata } }
  next.metadata = {
    ...next.metadata,
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  if (next.status === undefined) delete next.status
  if (subresource === '' && field(old, 'status') === undefined && field(body, 'status') !== undefined) {
    delete next.status
  }
  return next
}

/** RFC 7396; where `isStrategic` lists with keys are merged by these, as strategic merge patches do. */
function mergePatch(target: unknown, patch: unknown, isStrategic: boolean): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else if (isStrategic && (key === 'ownerReferences' || key === 'reservedFor'))
      result[key] = mergeByKey(result[key], value, 'uid')
    else if (isStrategic && key === 'conditions') result[key] = mergeByKey(result[key], value, 'type')
    else if (key.startsWith(deletePrefix)) without(result, key.slice(deletePrefix.length + 1), value)
    else if (key !== '$setElementOrder/ownerReferences')
      result[key] = mergePatch(result[key], value, isStrategic)
  }
  return result
}

/** `$deleteFromPrimitiveList/<field>`. */
function without(result: Record<string, unknown>, name: string, values: unknown): void {
  const list = result[name]
  if (Array.isArray(list) && Array.isArray(values))
    result[name] = list.filter((value) => !values.includes(value))
}

function mergeByKey(target: unknown, patch: unknown, key: string): unknown {
  let items = Array.isArray(target) ? [...target] : []
  for (const change of Array.isArray(patch) ? patch : []) {
    const index = items.findIndex((item) => field(item, key) === field(change, key))
    if (field(change, '$patch') === 'delete') items = items.filter((_, at) => at !== index)
    else if (index < 0) items.push(change)
    else items[index] = { ...items[index], ...change }
  }
  return items
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const nested of Object.values(value)) freeze(nested)
  }
  return value
}

/** For interceptors: fails a request as a server would. */
export const failWith = (error: StatusError): never => {
  throw error
}
