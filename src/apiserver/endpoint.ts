import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { ServerRequest } from './request.ts'
import type { ServerResponse } from './response.ts'

/** Answers paths that are no resources: health, version, discovery, OpenAPI, metrics. */
export interface Endpoint {
  /** Exact paths; one that ends in `/*` takes everything below it, longest first. */
  readonly paths: readonly string[]
  /** What `/` lists of it, in any order; without it the paths themselves. */
  index?(): readonly string[]
  handle(request: ServerRequest): Promise<ServerResponse>
}

/**
 * Answers a subresource that the generic REST does not (exec, log, proxy, token): registered by resource and
 * name, after authorization. What it writes goes through `ResourceAccess`, so that admission and validation see it.
 */
export interface SubresourceEndpoint {
  readonly group: string
  readonly resource: string
  readonly subresource: string
  /** HTTP methods that it takes; others answer 405. */
  readonly methods: readonly string[]
  handle(request: ServerRequest, kind: KindDeclaration): Promise<ServerResponse>
}

/** A resource whose objects are made whenever somebody reads them (`componentstatuses`): get and list only, cluster-scoped. */
export interface ComputedResource {
  readonly group: string
  readonly version: string
  readonly resource: string
  /** What the error for a name that there is not calls the resource. */
  readonly unknownName: string
  /** Whole objects, with kind and apiVersion. */
  list(): Promise<readonly KubernetesObject[]>
  get(name: string): Promise<KubernetesObject | undefined>
}

/** Answers a whole virtual resource without storage (`subjectaccessreviews`, `tokenreviews`, `selfsubjectreviews`): create only. */
export interface VirtualResource {
  readonly group: string
  readonly version: string
  readonly resource: string
  /** `request.info.namespace` is set for the namespaced ones. `body` has been decoded. Gives the object to answer with 201. */
  create(request: ServerRequest, body: unknown): Promise<unknown>
}
