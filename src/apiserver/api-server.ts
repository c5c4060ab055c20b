import { defaultFeatures } from '../api/feature-gates.ts'
import type { Transport } from '../apimachinery/transport.ts'
import type { AdmissionPlugin } from './admission.ts'
import { AdmissionChain } from './admission-chain.ts'
import type { Authenticator } from './authenticator.ts'
import type { Authorizer } from './authorizer.ts'
import { type Audit, buildChain } from './chain/chain.ts'
import { defaultInFlightLimits, type InFlightLimits } from './chain/max-in-flight.ts'
import { CustomResources } from './custom-resources/custom-resources.ts'
import type { MakeConverter } from './custom-resources/serving.ts'
import type { ServedRegistry } from './discovery/served-registry.ts'
import type { ComputedResource, Endpoint, SubresourceEndpoint, VirtualResource } from './endpoint.ts'
import { EndpointRoutes } from './endpoint-routes.ts'
import type { Filter, Handler } from './filter.ts'
import type { FlowControl } from './flow-control/flow-control.ts'
import { InProcessTransport } from './in-process.ts'
import { AccessMetrics } from './metrics/access-metrics.ts'
import { admissionTiming } from './metrics/admission-timing.ts'
import { countedPage, ServerMetrics } from './metrics/server-metrics.ts'
import { ChunkPool } from './represent/chunk-pool.ts'
import { makeCodecs } from './represent/codecs.ts'
import { Negotiator } from './represent/negotiate.ts'
import { ObjectEncoder } from './represent/object-encoder.ts'
import { Representations } from './represent/representations.ts'
import type { ServerRequest, UserInfo } from './request.ts'
import type { ServerResponse } from './response.ts'
import { Identities } from './rest/identities.ts'
import { Resource } from './rest/resource.ts'
import { ResourceVersions } from './rest/resource-versions.ts'
import { RestApi, type ServedResource } from './rest/rest-api.ts'
import type { RestContext } from './rest/rest-context.ts'
import { UnknownPaths } from './routing.ts'
import { isStored, type ServerCore } from './server-core.ts'
import { BookmarkClock } from './watch/bookmark-clock.ts'
import { defaultMinWatchMs } from './watch/watch.ts'
import type { WatchRun } from './watch/watch-run.ts'
import type { WriteAllocator } from './write-allocator.ts'

/** `--request-timeout`. */
export const defaultRequestTimeoutMs = 60_000

export interface ApiServerOptions {
  readonly authenticators: readonly Authenticator[]
  readonly authorizer: Authorizer
  /** In the order in which they run. */
  readonly admission: readonly AdmissionPlugin[]
  readonly allocators?: readonly WriteAllocator[]
  readonly endpoints?: readonly Endpoint[]
  readonly subresources?: readonly SubresourceEndpoint[]
  readonly virtualResources?: readonly VirtualResource[]
  readonly computedResources?: readonly ComputedResource[]
  readonly audit?: Audit
  readonly impersonation?: Filter
  /** Calls the conversion webhooks of custom resources. */
  readonly converter?: MakeConverter
  /** Other servers' APIs: undefined for what this server answers itself. */
  readonly aggregation?: (request: ServerRequest) => Promise<ServerResponse> | undefined
  readonly requestTimeoutMs?: number
  /** Of a watch that does not say how long: between this and twice this. */
  readonly minWatchMs?: number
  /** What comes before everything else. */
  readonly outer?: readonly Filter[]
  readonly inFlight?: InFlightLimits
  /** Absent: `inFlight` is all that limits. */
  readonly flowControl?: FlowControl
}

export interface ApiServer {
  /** Loads everything from the store; requests may come once it has resolved. */
  start(): Promise<void>
  /** Never rejects: errors are answers. */
  handle(request: ServerRequest): Promise<ServerResponse>
  /** A user's way in from the same process. `agent` names the component, as a user agent does. */
  transportFor(user: UserInfo, agent?: string): Transport
  /** False until everything is loaded, and while the caches are out of step with the store. */
  readonly ready: boolean
  /** Everything that is served, as clients may discover it. */
  readonly served: ServedRegistry
  /** Absent where definitions are not among the kinds. */
  readonly custom: CustomResources | undefined
  /** Ends all watches; the store stays open. */
  close(): Promise<void>
}

/** Custom resources, where there are definitions of them. */
function makeCustomResources(
  core: ServerCore,
  context: RestContext,
  serve: (resource: Resource) => ServedResource,
  converter: MakeConverter | undefined,
): CustomResources | undefined {
  const definitions = core.options.kinds.some(({ resource }) => resource === 'customresourcedefinitions')
  if (!definitions) return undefined
  const { reader, served: registry } = core
  const { metrics } = core.options
  return new CustomResources({ context, reader, registry, metrics, serve, converter })
}

/** Wires a server from its core and the parts that were made from that. */
export function createApiServer(core: ServerCore, options: ApiServerOptions): ApiServer {
  const { host, storage, logger, kinds, schemas, protobuf, checked = false } = core.options
  const { features = defaultFeatures, verifySignature } = core.options
  const { mirror, decoder, parsers } = core
  const metrics = new ServerMetrics(core.options.metrics)
  const negotiator = new Negotiator()
  const builtIn = new Map<string, Resource>()
  const codecs = makeCodecs(protobuf, schemas, features)
  const context: RestContext = {
    host,
    builtIn,
    identities: new Identities(host),
    versions: new ResourceVersions(),
    mirror,
    storage,
    admission: new AdmissionChain(options.admission, admissionTiming(host, core.options.metrics)),
    allocators: options.allocators ?? [],
    authorizer: options.authorizer,
    decoder,
    parsers,
    chunks: new ChunkPool(),
    schemas,
    features,
    ...(verifySignature === undefined ? {} : { verifySignature }),
    checked,
  }
  const running = new Set<WatchRun>()
  const custom = makeCustomResources(
    core,
    context,
    (resource) => {
      resource.cache.onDelivered = metrics.eventsOf(resource.kind)
      return { resource, representations: new Representations(resource, negotiator, codecs) }
    },
    options.converter,
  )
  const unknown = new UnknownPaths(kinds.map(({ group }) => group))
  const rest = new RestApi({
    unknown,
    dynamic: custom,
    context,
    logger,
    metrics: core.options.metrics,
    served: kinds.filter(isStored).map((kind) => {
      const { resource: name } = kind
      if (kind.stored === undefined) core.cacheOf(kind).onDelivered = metrics.eventsOf(kind)
      const resource = new Resource(kind, core.cacheOf(kind), context)
      builtIn.set(`${resource.apiVersion}/${name}`, resource)
      return { resource, representations: new Representations(resource, negotiator, codecs) }
    }),
    subresources: options.subresources ?? [],
    virtual: options.virtualResources ?? [],
    computed: options.computedResources ?? [],
    virtualKinds: kinds.filter((kind) => !isStored(kind)),
    watches: {
      clock: new BookmarkClock(host, () => mirror.revision),
      metrics,
      running,
      counts: options.flowControl?.watches,
      minTimeoutMs: options.minWatchMs ?? defaultMinWatchMs,
    },
  })
  const routes = new EndpointRoutes(options.endpoints ?? [])
  const { aggregation } = options
  const last: Handler = (request) => {
    const elsewhere = aggregation?.(request)
    if (elsewhere !== undefined) return elsewhere
    if (request.info.isResourceRequest) return rest.handle(request)
    const endpoint = routes.find(request.path)
    if (endpoint === undefined) return Promise.resolve(unknown.answer(request.path))
    request.isRouted = countedPage(request.path) !== undefined
    return endpoint.handle(request)
  }
  const handle = buildChain(
    {
      host,
      logger,
      metrics,
      access: new AccessMetrics(core.options.metrics),
      registry: core.options.metrics,
      outer: options.outer ?? [],
      encoder: new ObjectEncoder(negotiator, codecs),
      requestTimeoutMs: options.requestTimeoutMs ?? defaultRequestTimeoutMs,
      audit: options.audit,
      authenticators: options.authenticators,
      impersonation: options.impersonation,
      flowControl: options.flowControl?.filter,
      inFlight: options.inFlight ?? defaultInFlightLimits,
      authorizer: options.authorizer,
    },
    last,
  )
  return {
    start: async () => {
      await mirror.start()
      custom?.start()
    },
    served: core.served,
    custom,
    handle,
    transportFor: (user, agent = '') =>
      new InProcessTransport({ host, handle, user, agent, beforeAnswer: options.audit?.flush }),
    get ready() {
      return mirror.ready
    },
    close: async () => {
      custom?.stop()
      for (const run of [...running]) run.stop()
      await mirror.close()
    },
  }
}
