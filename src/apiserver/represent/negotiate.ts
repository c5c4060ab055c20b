import { LruMap } from '../../base/lru-map.ts'
import type { ServerRequest } from '../request.ts'
import { jsonType, type MediaType, mediaTypes, yamlType } from '../rest/media-types.ts'
import { booleanValue } from '../rest/query-values.ts'
import { noRepresentation } from '../routing.ts'
import { type AcceptClause, parseAccept } from './accept.ts'
import type { MetaVersion } from './partial-representation.ts'

export type Transformation = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'

/** What an Accept header asks for, of what an endpoint can give. */
export interface Negotiated {
  readonly type: MediaType
  readonly as: Transformation | undefined
  readonly version: MetaVersion
  readonly pretty: boolean
}

const plainJson: Negotiated = { type: jsonType, as: undefined, version: 'v1', pretty: false }
const transformations: readonly Transformation[] = [
  'Table',
  'PartialObjectMetadata',
  'PartialObjectMetadataList',
]
const maxRemembered = 256

function matches({ type, subtype }: AcceptClause, candidate: MediaType): boolean {
  if (type === '*') return subtype === '*'
  return type === 'application' && (subtype === '*' || `application/${subtype}` === candidate)
}

/** Undefined where the clause's parameters ask for what is not there. */
function accept({ parameters }: AcceptClause, type: MediaType, transforms: boolean): Negotiated | undefined {
  const stream = parameters.get('stream') ?? ''
  if (stream !== '' && stream !== 'watch') return undefined
  const as = parameters.get('as')
  const group = parameters.get('g')
  const version = parameters.get('v')
  const pretty = parameters.get('pretty') === '1'
  if (as === undefined && group === undefined && version === undefined)
    return { type, as: undefined, version: 'v1', pretty }
  const transformation = transformations.find((candidate) => candidate === as)
  if (!transforms || transformation === undefined || group !== 'meta.k8s.io') return undefined
  if (version !== 'v1' && version !== 'v1beta1') return undefined
  if (transformation === 'Table' && type !== jsonType && type !== yamlType) return undefined
  return { type, as: transformation, version, pretty }
}

/** Whether any range names one of `types` to the letter, or anything at all: what upstream's router looks for. */
function isRoutable(header: string, types: readonly string[]): boolean {
  return header.split(',').some((range) => {
    const [type = ''] = range.split(';')
    return type.trim() === '*/*' || types.includes(type.trim())
  })
}

/** Throws NotAcceptable where upstream's router would find nothing that produces what is accepted. */
export function checkProduced(header: string, types: readonly string[]): void {
  if (header !== '' && !isRoutable(header, types)) throw noRepresentation(types)
}

/** Answers repeat: what an Accept header means is remembered. One for a server. */
export class Negotiator {
  readonly #known = new LruMap<string, Negotiated | 'nothing'>(maxRemembered)
  readonly #routable = new LruMap<string, true>(maxRemembered)

  /** The best of `types` (in order of preference) that the request accepts; undefined if it accepts none. */
  negotiate(
    request: ServerRequest,
    types: readonly MediaType[] = mediaTypes,
    transforms = true,
  ): Negotiated | undefined {
    const header = request.header('accept') ?? ''
    const found = header === '' ? plainJson : this.#find(header, types, transforms)
    if (found === undefined) return undefined
    const pretty = isPretty(request) ?? found.pretty
    return pretty === found.pretty ? found : { ...found, pretty }
  }

  /** Throws NotAcceptable where upstream's router would not find a route; `extra` are further types that it produces. */
  checkRoute(request: ServerRequest, types: readonly MediaType[], extra: readonly string[]): void {
    const header = request.header('accept') ?? ''
    if (header === '' || this.#routable.get(header) !== undefined) return
    checkProduced(header, [...types, ...extra])
    this.#routable.set(header, true)
  }

  #find(header: string, types: readonly MediaType[], transforms: boolean): Negotiated | undefined {
    const key = `${transforms ? '+' : '-'}${types.length} ${header}`
    const known = this.#known.get(key)
    if (known !== undefined) return known === 'nothing' ? undefined : known
    const found = choose(parseAccept(header), types, transforms)
    this.#known.set(key, found ?? 'nothing')
    return found
  }
}

function choose(
  clauses: readonly AcceptClause[],
  types: readonly MediaType[],
  transforms: boolean,
): Negotiated | undefined {
  for (const clause of clauses) {
    for (const type of types) {
      const found = matches(clause, type) ? accept(clause, type, transforms) : undefined
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Asked for in the query, or by a program that people read from. */
export function isPretty(request: ServerRequest): boolean | undefined {
  const asked = request.query.isEmpty ? undefined : booleanValue(request.query, 'pretty')
  if (asked !== undefined) return asked
  const agent = request.header('user-agent') ?? ''
  return /^(curl|Wget|Mozilla\/5\.0)/.test(agent) ? true : undefined
}
