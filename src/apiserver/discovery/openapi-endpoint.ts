import type { FieldDocs } from '../../apimachinery/openapi/field-docs.ts'
import type { OpenApiV2Part } from '../../apimachinery/openapi/merge-v2.ts'
import type { OpenApiResource } from '../../apimachinery/openapi/openapi-resource.ts'
import { openApiV3Index, openApiV3Steps } from '../../apimachinery/openapi/openapi-v3.ts'
import { byDocument, type OpenApiUnit, unitsOf } from '../../apimachinery/openapi/units.ts'
import { OpenApiV2Document } from '../../apimachinery/openapi/v2-document.ts'
import { openApiV2Json } from '../../apimachinery/openapi/v2-json.ts'
import {
  openApiV2Protobuf,
  openApiV2ProtobufAnswer,
  openApiV2ProtobufType,
} from '../../apimachinery/openapi/v2-protobuf.ts'
import {
  openApiV3ProtobufOldType,
  openApiV3ProtobufSteps,
  openApiV3ProtobufType,
} from '../../apimachinery/openapi/v3-protobuf.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import { hex } from '../../base/hex.ts'
import type { Host } from '../../base/host.ts'
import { inSteps } from '../../base/in-steps.ts'
import type { Endpoint } from '../endpoint.ts'
import { parseAccept } from '../represent/accept.ts'
import type { ServerRequest } from '../request.ts'
import type { Headers, ServerResponse } from '../response.ts'
import { pageNotFound } from '../routing.ts'
import { encodeSteps } from './encode-steps.ts'
import { LastChanges } from './last-changes.ts'
import { serveContent } from './serve-content.ts'
import type { ServedResource } from './served-resource.ts'

export interface OpenApiOptions {
  readonly host: Host
  readonly schemas: Schemas
  /** For `kubectl explain`; read when a document is first asked for. */
  readonly docs: () => FieldDocs
  /** Of the API: `1.36`. */
  readonly version: string
  /** Whether the server speaks it. */
  readonly cbor: boolean
}

/** What the documents of other servers add. */
export interface ExternalOpenApi {
  /** By document (`apis/metrics.k8s.io/v1beta1`), where clients find it. */
  readonly v3: ReadonlyMap<string, string>
  readonly v2: readonly OpenApiV2Part[]
}

const v2Path = '/openapi/v2'
const v3Path = '/openapi/v3'
const encoder = new TextEncoder()

const toOpenApi = ({ kind, subresources, custom }: ServedResource): OpenApiResource => ({
  group: kind.group,
  version: kind.version,
  kind: kind.kind,
  resource: kind.resource,
  namespaced: kind.namespaced,
  verbs: kind.verbs,
  subresources,
  ...(kind.returnsDeleted === true ? { returnsDeleted: true } : {}),
  ...(custom === undefined ? {} : { custom }),
})

type Encoding = 'json' | 'protobuf'

/** What protobuf is asked for as, and what the answer calls itself. */
interface ProtobufTypes {
  readonly asked: readonly string[]
  readonly answer: string
}

const v2Types: ProtobufTypes = {
  asked: [openApiV2ProtobufType, openApiV2ProtobufAnswer],
  answer: openApiV2ProtobufAnswer,
}
const v3Types: ProtobufTypes = {
  asked: [openApiV3ProtobufType, openApiV3ProtobufOldType],
  answer: openApiV3ProtobufType,
}

/** The first of the wanted media types that there is: kubectl asks for the old document in protobuf alone. */
function encodingFor(accept: string, { asked }: ProtobufTypes): Encoding | undefined {
  if (accept === '') return 'json'
  for (const { type, subtype } of parseAccept(accept)) {
    const isApplication = type === 'application' || type === '*'
    if (isApplication && (subtype === '*' || subtype === 'json')) return 'json'
    if (asked.includes(`${type}/${subtype}`)) return 'protobuf'
  }
  return undefined
}

/** A document as it was made; another hash means that it is out of date. */
interface Encoded {
  readonly path: string
  readonly hash: string
  readonly bytes: Promise<Uint8Array>
}

/** All that is served, and what follows from it. */
interface Known {
  readonly units: readonly OpenApiUnit[]
  readonly documents: ReadonlyMap<string, readonly OpenApiUnit[]>
  /** By document. */
  readonly hashes: Map<string, string>
}

/** A document whose content its path's hash stands for may be kept for ever. */
const keepForEver = 'public, immutable'
const yearMs = 365 * 24 * 3600 * 1000

/** OpenAPI documents, each made when it is first asked for: most are never. */
export class OpenApiEndpoint implements Endpoint {
  readonly paths = [v2Path, v3Path, `${v3Path}/*`]
  readonly #options: OpenApiOptions
  readonly #encoded = new Map<string, Encoded>()
  readonly #changes: LastChanges
  readonly #v2: Readonly<Record<Encoding, OpenApiV2Document>>
  /** The old document is made once at a time: it goes on from the one before. */
  #making: Promise<unknown> = Promise.resolve()
  #served: () => readonly ServedResource[] = () => []
  #known: Known | undefined
  #external: ExternalOpenApi = { v3: new Map(), v2: [] }

  constructor(options: OpenApiOptions) {
    this.#options = options
    this.#changes = new LastChanges(options.host)
    this.#v2 = {
      json: new OpenApiV2Document(openApiV2Json, options),
      protobuf: new OpenApiV2Document(openApiV2Protobuf(), options),
    }
  }

  /** From now on these are described; asked for when somebody wants to know. */
  replace(resources: () => readonly ServedResource[]): void {
    this.#served = resources
    this.#known = undefined
  }

  get #current(): Known {
    if (this.#known !== undefined) return this.#known
    const units = unitsOf(this.#served().map(toOpenApi), this.#options)
    const documents = byDocument(units)
    this.#known = { units, documents, hashes: new Map() }
    const paths = new Set([v2Path, ...[...documents.keys()].map((name) => `${v3Path}/${name}`)])
    for (const [key, { path }] of this.#encoded) if (!paths.has(path)) this.#encoded.delete(key)
    this.#changes.keep(new Set([v2Path, v3Path, ...documents.keys()]))
    return this.#known
  }

  /** From now on other servers add these. */
  replaceExternal(external: ExternalOpenApi): void {
    this.#external = external
    this.#known = undefined
    this.#encoded.clear()
  }

  index(): readonly string[] {
    return [v2Path, v3Path, `${v3Path}/`]
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const { path } = request
    if (path === v3Path) return this.#index(request)
    if (path === v2Path) return this.#document(request, path, this.#current.units, v2Types)
    if (!path.startsWith(v3Path)) return pageNotFound()
    const name = path.slice(v3Path.length + 1)
    const units = this.#current.documents.get(name)
    if (units === undefined) return nothing(404)
    return this.#document(request, name, units, v3Types)
  }

  #index(request: ServerRequest): Promise<ServerResponse> {
    const hashes = new Map(
      [...this.#current.documents].map(([name, units]) => [name, this.#hash(name, units)] as const),
    )
    const text = JSON.stringify(openApiV3Index(hashes, this.#external.v3))
    return serveContent(this.#options.host, request, {
      ...{ contentType: 'text/plain; charset=utf-8', isTypeImplied: true, etag: '', headers: {} },
      changedMs: this.#changes.of(v3Path, text),
      bytes: async () => encoder.encode(text),
    })
  }

  /** Of what a document is made from: making all of them for their hashes would take long. */
  #hash(name: string, units: readonly OpenApiUnit[]): string {
    const { hashes } = this.#current
    const known = hashes.get(name)
    if (known !== undefined) return known
    const { version, cbor, host } = this.#options
    const external = name === v2Path ? this.#external.v2 : []
    const text = JSON.stringify([name, version, cbor, units.map(({ key }) => key), external])
    const hash = hex(host.sha256(encoder.encode(text))).toUpperCase()
    hashes.set(name, hash)
    return hash
  }

  *#v3Steps(units: readonly OpenApiUnit[], encoding: Encoding): Generator<void, Uint8Array> {
    const { schemas, docs, version } = this.#options
    const document = yield* openApiV3Steps({ units, schemas, docs: docs(), version })
    return yield* encoding === 'json' ? encodeSteps(document) : openApiV3ProtobufSteps(document)
  }

  #make(path: string, units: readonly OpenApiUnit[], encoding: Encoding): Promise<Uint8Array> {
    const { host } = this.#options
    if (path !== v2Path) return inSteps(host, this.#v3Steps(units, encoding))
    const external = this.#external.v2
    const made = this.#making.then(() => inSteps(host, this.#v2[encoding].steps(units, external)))
    this.#making = made.catch(() => {})
    return made
  }

  /** Several clients that ask at the same time wait for the same making. */
  #encode(
    path: string,
    hash: string,
    units: readonly OpenApiUnit[],
    encoding: Encoding,
  ): Promise<Uint8Array> {
    const key = `${encoding} ${path}`
    const known = this.#encoded.get(key)
    if (known?.hash === hash) return known.bytes
    const bytes = this.#options.host.track(this.#make(path, units, encoding))
    const encoded = { path, hash, bytes }
    this.#encoded.set(key, encoded)
    // Who asks after a failure has it made anew.
    bytes.catch(() => this.#encoded.get(key) === encoded && this.#encoded.delete(key))
    return bytes
  }

  async #document(
    request: ServerRequest,
    name: string,
    units: readonly OpenApiUnit[],
    types: ProtobufTypes,
  ): Promise<ServerResponse> {
    const encoding = encodingFor(request.header('accept') ?? '', types)
    const headers = { vary: name === v2Path ? 'Accept-Encoding, Accept' : 'Accept' }
    if (encoding === undefined) return nothing(406, headers)
    const hash = this.#hash(name, units)
    const asked = name === v2Path ? '' : (request.query.get('hash') ?? '')
    const etag = `"${hash}"`
    const contentType = encoding === 'json' ? 'application/json' : types.answer
    // Clients that know an older hash are told the newer.
    if (asked !== '' && asked !== hash)
      return nothing(301, { ...headers, etag, location: `${v3Path}/${name}?hash=${hash}` }, contentType)
    const kept = asked === '' ? {} : { 'cache-control': keepForEver, expires: this.#inAYear() }
    return serveContent(this.#options.host, request, {
      ...{ contentType, etag, headers: { ...headers, ...kept } },
      changedMs: this.#changes.of(name, hash),
      bytes: () => this.#encode(request.path, hash, units, encoding),
    })
  }

  #inAYear(): string {
    return new Date(this.#options.host.now() + yearMs).toUTCString()
  }
}

const nothing = (status: number, headers: Headers = {}, contentType = ''): ServerResponse => ({
  type: 'bytes',
  status,
  contentType,
  chunks: [],
  headers,
})
