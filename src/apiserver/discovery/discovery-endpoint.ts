import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { encodeBase64 } from '../../base/base64.ts'
import { hex } from '../../base/hex.ts'
import type { Host } from '../../base/host.ts'
import type { Endpoint } from '../endpoint.ts'
import { parseAccept } from '../represent/accept.ts'
import { checkProduced } from '../represent/negotiate.ts'
import type { ServerRequest } from '../request.ts'
import { type BytesResponse, objectResponse, type ServerResponse } from '../response.ts'
import { mediaTypes, mediaTypesWithCbor } from '../rest/media-types.ts'
import { methodRefused, UnknownPaths } from '../routing.ts'
import { type AggregatedVersion, apiGroupDiscoveryList } from './aggregated-documents.ts'
import { type ExternalVersion, groupsOf } from './group-versions.ts'
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './plain-documents.ts'
import type { ServedResource } from './served-resource.ts'

export interface DiscoveryOptions {
  readonly host: Host
  /** Where clients reach the server: `192.0.2.1:6443`. */
  readonly address: string
  /** Whether the server speaks it. */
  readonly cbor: boolean
}

interface Aggregated {
  readonly bytes: Uint8Array
  readonly etag: string
}

interface Documents {
  readonly plain: ReadonlyMap<string, object>
  readonly aggregated: ReadonlyMap<string, Aggregated>
  readonly unknown: UnknownPaths
}

/** What upstream's aggregator answers itself: `/apis`, `/apis/apps`. */
const answersAnyMethod = /^\/apis(\/[^/]+)?$/

const aggregatedVersions: readonly AggregatedVersion[] = ['v2']

/** The aggregated form that the client would rather have, undefined for a plain document. */
function wantedForm(accept: string): AggregatedVersion | undefined {
  if (!accept.includes('apidiscovery.k8s.io')) return undefined
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    if (type !== 'application' || subtype !== 'json') continue
    if (parameters.get('as') === undefined) return undefined
    const known =
      parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('as') === 'APIGroupDiscoveryList'
    const version = aggregatedVersions.find((candidate) => candidate === parameters.get('v'))
    if (known && version !== undefined) return version
  }
  return undefined
}

/** What the server serves: `/api`, `/apis` and below, each made once and again when a resource comes or goes. */
export class DiscoveryEndpoint implements Endpoint {
  readonly paths = ['/api', '/api/*', '/apis', '/apis/*']
  readonly #options: DiscoveryOptions
  #resources: () => readonly ServedResource[] = () => []
  #external: readonly ExternalVersion[] = []
  #documents: Documents | undefined

  constructor(options: DiscoveryOptions) {
    this.#options = options
  }

  /** From now on these are served; asked for when somebody wants to know. */
  replace(resources: () => readonly ServedResource[]): void {
    this.#resources = resources
    this.#documents = undefined
  }

  /** From now on other servers answer these. */
  replaceExternal(versions: readonly ExternalVersion[]): void {
    this.#external = versions
    this.#documents = undefined
  }

  index(): readonly string[] {
    return [...this.#current().plain.keys(), '/apis/']
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const documents = this.#current()
    const path = request.path.endsWith('/') ? request.path.slice(0, -1) : request.path
    const form = wantedForm(request.header('accept') ?? '')
    const answers = request.method === 'GET' || answersAnyMethod.test(path)
    const aggregated =
      form === undefined || !answers ? undefined : documents.aggregated.get(`${path} ${form}`)
    if (aggregated !== undefined && form !== undefined) return answer(request, aggregated, form)
    const document = documents.plain.get(path)
    if (document === undefined) return documents.unknown.answer(path)
    if (!answers) throw methodRefused()
    if (!answersAnyMethod.test(path)) checkProduced(request.header('accept') ?? '', this.#produced(path))
    return objectResponse(document)
  }

  /** Of what its services answer. */
  #produced(path: string): readonly string[] {
    return this.#options.cbor && path !== '/api' ? mediaTypesWithCbor : mediaTypes
  }

  #current(): Documents {
    this.#documents ??= this.#build()
    return this.#documents
  }

  #build(): Documents {
    const { host, address } = this.#options
    const groups = groupsOf(this.#resources(), this.#external)
    const plain = new Map<string, object>([
      ['/api', apiVersions(address)],
      ['/apis', apiGroupList(groups)],
    ])
    const storageHash = (kind: KindDeclaration): string => {
      const stored = kind.stored?.version ?? kind
      const text = `${stored.group}/${stored.version}/${stored.kind}`
      return encodeBase64(host.sha256(new TextEncoder().encode(text)).subarray(0, 8))
    }
    for (const group of groups) {
      const base = group.name === '' ? '/api' : `/apis/${group.name}`
      if (group.name !== '') plain.set(base, apiGroup(group))
      for (const version of group.versions) {
        plain.set(`${base}/${version.version}`, apiResourceList(group.name, version, storageHash))
      }
    }
    const aggregated = new Map<string, Aggregated>()
    for (const version of aggregatedVersions) {
      const core = groups.filter(({ name }) => name === '')
      const others = groups.filter(({ name }) => name !== '')
      aggregated.set(`/api ${version}`, this.#aggregate(apiGroupDiscoveryList(core, version)))
      aggregated.set(`/apis ${version}`, this.#aggregate(apiGroupDiscoveryList(others, version)))
    }
    return { plain, aggregated, unknown: new UnknownPaths(groups.map(({ name }) => name)) }
  }

  #aggregate(document: object): Aggregated {
    const bytes = new TextEncoder().encode(`${JSON.stringify(document)}\n`)
    return { bytes, etag: `"${hex(this.#options.host.sha256(bytes)).toUpperCase()}"` }
  }
}

function answer(request: ServerRequest, { bytes, etag }: Aggregated, form: AggregatedVersion): BytesResponse {
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' }
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`
  const unchanged = request.header('if-none-match') === etag
  return {
    type: 'bytes',
    status: unchanged ? 304 : 200,
    contentType,
    chunks: unchanged ? [] : [bytes],
    headers,
  }
}
