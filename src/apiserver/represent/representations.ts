import { cborSequenceType } from '../../apimachinery/codec/cbor/cbor-body.ts'
import type { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { badRequest, type StatusError, statusError } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import {
  cborType,
  jsonType,
  type MediaType,
  notAcceptable,
  protobufType,
  yamlType,
} from '../rest/media-types.ts'
import type { Resource } from '../rest/resource.ts'
import { CborRepresentation } from './cbor-representation.ts'
import type { Codecs } from './codecs.ts'
import { JsonRepresentation } from './json-representation.ts'
import type { Negotiated, Negotiator } from './negotiate.ts'
import { type MetaVersion, PartialRepresentation } from './partial-representation.ts'
import { PrettyRepresentation } from './pretty-representation.ts'
import { ProtobufRepresentation } from './protobuf-representation.ts'
import type { LazyRepresentation, Representation } from './representation.ts'
import { type IncludeObject, TableRepresentation } from './table-representation.ts'
import { TableRows } from './table-rows.ts'
import { YamlRepresentation } from './yaml-representation.ts'

/** Of the cells of a resource's tables. */
const maxCellBytes = 8 * 2 ** 20

const isStreamed = (type: MediaType): boolean => type !== yamlType
const streamType = (type: MediaType): string =>
  type === cborType ? cborSequenceType : `${type};stream=watch`

export type AnswerShape = 'object' | 'list' | 'watch'

/** All ways to show the objects of one resource. */
export class Representations {
  readonly #resource: Resource
  readonly #negotiator: Negotiator
  readonly #codecs: Codecs
  readonly #protobuf: ProtobufCodec | undefined
  readonly #types: readonly MediaType[]
  readonly #json: LazyRepresentation
  readonly #known = new Map<string, Representation>()
  #rows: TableRows | undefined

  constructor(resource: Resource, negotiator: Negotiator, codecs: Codecs) {
    this.#resource = resource
    this.#negotiator = negotiator
    this.#json = new JsonRepresentation({
      layout: resource.layout,
      bytes: (record) => resource.bytes(record),
    })
    const { protobuf, types } = codecs
    this.#codecs = codecs
    this.#protobuf = protobuf.supports(resource.kind) ? protobuf : undefined
    this.#types =
      this.#protobuf === undefined ? types.filter((candidate) => candidate !== protobufType) : types
  }

  /** Throws NotAcceptable, in the words of upstream's router, for a request that accepts nothing there is. */
  checkAccepted(request: ServerRequest, streams: boolean): void {
    const extra = streams ? this.#types.filter(isStreamed).map(streamType) : []
    this.#negotiator.checkRoute(request, this.#types, extra)
  }

  /** Throws NotAcceptable, in upstream's words, before anything is done for a request that accepts no answer to it. */
  negotiate(request: ServerRequest): Negotiated {
    const wanted = this.#negotiator.negotiate(request, this.#types)
    if (wanted === undefined) throw notAcceptable(this.#types)
    return wanted
  }

  /** What the request accepts. Throws NotAcceptable in upstream's words. */
  choose(request: ServerRequest, shape: AnswerShape): Representation {
    const wanted = this.negotiate(request)
    checkShape(wanted, shape, this.#resource.kind)
    const representation = this.#make(wanted, request, shape)
    if (shape === 'watch' && representation.stream === undefined)
      throw notAcceptable(this.#types.filter(isStreamed).map(streamType))
    return representation
  }

  /** Whether what the request accepts is a form that events can have. */
  showsEvents(request: ServerRequest): boolean {
    return this.#negotiator.negotiate(request, this.#types)?.as !== 'PartialObjectMetadataList'
  }

  #make(wanted: Negotiated, request: ServerRequest, shape: AnswerShape): Representation {
    const { type, as, version, pretty } = wanted
    if (type === jsonType && as === undefined && !pretty) return this.#json
    if (as === 'Table') return this.#table(wanted, includeObject(request), shape)
    const key = `${type} ${as === undefined ? '' : version} ${pretty}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made =
      type === protobufType && this.#protobuf !== undefined
        ? this.#binary(this.#protobuf, as, version)
        : this.#dress(
            wanted,
            as === undefined ? this.#json : new PartialRepresentation(this.#resource, version),
          )
    this.#known.set(key, made)
    return made
  }

  #binary(protobuf: ProtobufCodec, as: Negotiated['as'], version: MetaVersion): Representation {
    if (as === undefined) {
      const { kind, apiVersion } = this.#resource
      const names = { kind: kind.kind, apiVersion }
      return new ProtobufRepresentation(protobuf, this.#resource, names, (object) => object)
    }
    const { partialMetadata } = this.#resource.kind
    const names = { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}` }
    return new ProtobufRepresentation(
      protobuf,
      this.#resource,
      names,
      ({ metadata = {} }: KubernetesObject) => ({
        ...names,
        metadata: partialMetadata?.(metadata) ?? metadata,
      }),
    )
  }

  /** A watch's first table says its columns, so each has its own. */
  #table(wanted: Negotiated, include: IncludeObject, shape: AnswerShape): Representation {
    const { kind, context } = this.#resource
    this.#rows ??= new TableRows(kind, context.host, maxCellBytes)
    const options = { version: wanted.version, includeObject: include }
    if (shape === 'watch' && wanted.type === jsonType)
      return new TableRepresentation(this.#resource, this.#rows, options)
    const key = `Table ${wanted.type} ${wanted.version} ${include} ${wanted.pretty}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = this.#dress(wanted, new TableRepresentation(this.#resource, this.#rows, options))
    this.#known.set(key, made)
    return made
  }

  #dress({ type, as, pretty }: Negotiated, representation: LazyRepresentation): Representation {
    const { cbor } = this.#codecs
    if (type === cborType && cbor !== undefined)
      return new CborRepresentation(
        representation,
        cbor,
        as === undefined ? this.#resource.schema : undefined,
      )
    if (type === yamlType) return new YamlRepresentation(representation)
    return pretty && type === jsonType ? new PrettyRepresentation(representation) : representation
  }
}

function includeObject(request: ServerRequest): IncludeObject {
  const asked = request.query.get('includeObject') ?? ''
  if (asked === '' || asked === 'Metadata') return 'Metadata'
  if (asked === 'Object' || asked === 'None') return asked
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}

/** Errors name the Go type that upstream has in hand. */
function checkShape({ as }: Negotiated, shape: AnswerShape, { group, kind }: KindDeclaration): void {
  const type = `*${group === '' ? 'core' : group.split('.')[0]}.${kind}`
  if (as === 'PartialObjectMetadata' && shape === 'list')
    throw refused(`you requested PartialObjectMetadata, but the requested object is a list (${type}List)`)
  if (as === 'PartialObjectMetadataList' && shape === 'object')
    throw refused(`you requested PartialObjectMetadataList, but the requested object is not a list (${type})`)
}

const refused = (message: string): StatusError => statusError('NotAcceptable', message)
