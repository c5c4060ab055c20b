import { encodeYaml } from '../../apimachinery/codec/encode-yaml.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import type { Endpoint } from '../endpoint.ts'
import { type AcceptClause, parseAccept } from '../represent/accept.ts'
import { isPretty } from '../represent/negotiate.ts'
import type { ServerRequest } from '../request.ts'
import type { BytesResponse, ServerResponse } from '../response.ts'

export interface ZPageContent {
  /** Its path is this in small letters. */
  readonly kind: 'Statusz' | 'Flagz'
  /** Of the component: `apiserver`. */
  readonly name: string
  /** What comes below the heading. */
  text(): string
  /** What the object has beside its metadata. */
  fields(): Readonly<Record<string, unknown>>
}

const textType = 'text/plain; charset=utf-8'
const objectTypes = ['application/json', 'application/yaml'] as const
const versions = ['v1beta1', 'v1alpha1'] as const
const newest = versions[0]
const refusal = `only the following media types are accepted: ${objectTypes.join(', ')}, text/plain`
const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.'

interface Form {
  readonly type: (typeof objectTypes)[number]
  readonly version: (typeof versions)[number]
}

function formOf({ type, subtype, parameters }: AcceptClause, kind: string): Form | 'text' | undefined {
  if ((type === '*' || type === 'text') && (subtype === '*' || subtype === 'plain')) return 'text'
  const found = objectTypes.find((candidate) => candidate === `${type}/${subtype}`)
  const version = versions.find((candidate) => candidate === parameters.get('v'))
  const isOurs = parameters.get('g') === 'config.k8s.io' && parameters.get('as') === kind
  return found === undefined || version === undefined || !isOurs ? undefined : { type: found, version }
}

/** A page about a component (KEP-4827, KEP-4828): for people as text, for programs as an object of config.k8s.io. */
export class ZPage implements Endpoint {
  readonly path: string
  readonly paths: readonly string[]
  readonly #content: ZPageContent

  constructor(content: ZPageContent) {
    this.#content = content
    this.path = `/${content.kind.toLowerCase()}`
    this.paths = [this.path]
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    return this.answer(request.header('accept') ?? '', isPretty(request) ?? false)
  }

  /** Throws NotAcceptable. */
  answer(accept: string, pretty: boolean): BytesResponse {
    const { kind, name } = this.#content
    const clauses = accept.trim() === '' ? [] : parseAccept(accept)
    const forms = clauses.map((clause) => formOf(clause, kind))
    const form = clauses.length === 0 ? 'text' : forms.find((found) => found !== undefined)
    if (form === undefined) throw statusError('NotAcceptable', refusal)
    if (form === 'text') {
      const text = `\n${name} ${kind.toLowerCase()}\n${warning}\n${this.#content.text()}`
      return response(textType, text, {})
    }
    return this.#object(form, pretty)
  }

  #object({ type, version }: Form, pretty: boolean): BytesResponse {
    const { kind, name } = this.#content
    const fields = this.#content.fields()
    const object = { kind, apiVersion: `config.k8s.io/${version}`, metadata: { name }, ...fields }
    const text =
      type === 'application/yaml' ? encodeYaml(object) : `${JSON.stringify(object, null, pretty ? 2 : 0)}\n`
    const deprecated = `This version of the ${kind.toLowerCase()} endpoint is deprecated. Please use a newer version.`
    const headers = version === newest ? {} : { warning: `299 - "${deprecated}"` }
    return response(`${type};g=config.k8s.io;v=${version};as=${kind}`, text, headers)
  }
}

const response = (
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>>,
): BytesResponse => ({
  ...{ type: 'bytes', status: 200, contentType, headers },
  chunks: [new TextEncoder().encode(text)],
})
