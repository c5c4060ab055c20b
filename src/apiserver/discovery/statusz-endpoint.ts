import { encodeYaml } from '../../apimachinery/codec/encode-yaml.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import type { Endpoint } from '../endpoint.ts'
import { type AcceptClause, parseAccept } from '../represent/accept.ts'
import { isPretty } from '../represent/negotiate.ts'
import type { ServerRequest } from '../request.ts'
import { type BytesResponse, type ServerResponse, textResponse } from '../response.ts'

export interface StatuszOptions {
  readonly host: Pick<Host, 'now' | 'monotonicMs'>
  /** Of the component: `apiserver`. */
  readonly name: string
  /** What runs it, and what it is: `node v24.1.0`, `1.36.2`, `1.36`. */
  readonly runtime: string
  readonly binaryVersion: string
  readonly emulationVersion: string
  /** The paths that it serves beside the API's. */
  readonly paths: () => readonly string[]
}

const textType = 'text/plain; charset=utf-8'
const objectTypes = ['application/json', 'application/yaml'] as const
const versions = ['v1beta1', 'v1alpha1'] as const
const newest = versions[0]
const ofTheApi = new Set(['/api', '/apis', '/openapi', '/openid', '/.well-known'])
const refusal = `only the following media types are accepted: ${objectTypes.join(', ')}, text/plain`
const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.'
const deprecated = 'This version of the statusz endpoint is deprecated. Please use a newer version.'

interface Form {
  readonly type: (typeof objectTypes)[number]
  readonly version: (typeof versions)[number]
}

function formOf({ type, subtype, parameters }: AcceptClause): Form | 'text' | undefined {
  if ((type === '*' || type === 'text') && (subtype === '*' || subtype === 'plain')) return 'text'
  const found = objectTypes.find((candidate) => candidate === `${type}/${subtype}`)
  const version = versions.find((candidate) => candidate === parameters.get('v'))
  const isOurs = parameters.get('g') === 'config.k8s.io' && parameters.get('as') === 'Statusz'
  return found === undefined || version === undefined || !isOurs ? undefined : { type: found, version }
}

/** `1 hr 28 min 43 sec` */
function lengthOf(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours} hr ${String(minutes).padStart(2, '0')} min ${String(seconds % 60).padStart(2, '0')} sec`
}

/** `Sat Nov 21 19:29:34 UTC 2026` */
function unixDate(atMs: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(atMs).toUTCString().split(/,? /)
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${time} UTC ${year}`
}

/** `/statusz` (KEP-4827): how the component is, for people as text, for programs as a Statusz. */
export class StatuszEndpoint implements Endpoint {
  readonly paths = ['/statusz']
  readonly #options: StatuszOptions
  readonly #startedMs: number
  readonly #startedAtMs: number

  constructor(options: StatuszOptions) {
    this.#options = options
    this.#startedMs = options.host.monotonicMs()
    this.#startedAtMs = options.host.now()
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const accept = request.header('accept') ?? ''
    const clauses = accept.trim() === '' ? [] : parseAccept(accept)
    const form = clauses.length === 0 ? 'text' : clauses.map(formOf).find((found) => found !== undefined)
    if (form === undefined) throw statusError('NotAcceptable', refusal)
    return form === 'text'
      ? textResponse(this.#text(), 200, textType)
      : this.#object(form, isPretty(request) ?? false)
  }

  get #uptimeSeconds(): number {
    return Math.floor((this.#options.host.monotonicMs() - this.#startedMs) / 1000)
  }

  /** The first steps of the paths that there are, without those of the API. */
  #folders(): readonly string[] {
    const folders = this.#options.paths().map((path) => `/${path.split('/')[1]}`)
    return [...new Set(folders)].filter((folder) => folder !== '/' && !ofTheApi.has(folder)).sort()
  }

  #text(): string {
    const { name, runtime, binaryVersion, emulationVersion } = this.#options
    const facts = {
      Started: unixDate(this.#startedAtMs),
      Up: lengthOf(this.#uptimeSeconds),
      'Go version': runtime,
      'Binary version': binaryVersion,
      'Emulation version': emulationVersion,
      Paths: this.#folders().join(' '),
    }
    const lines = Object.entries(facts).map(([key, value]) => `${key}: ${value}`)
    return `\n${name} statusz\n${warning}\n\n${lines.join('\n')}\n`
  }

  #object({ type, version }: Form, pretty: boolean): BytesResponse {
    const { name, runtime, binaryVersion, emulationVersion } = this.#options
    const object = {
      kind: 'Statusz',
      apiVersion: `config.k8s.io/${version}`,
      metadata: { name },
      startTime: formatTime(this.#startedAtMs),
      uptimeSeconds: this.#uptimeSeconds,
      goVersion: runtime,
      binaryVersion,
      emulationVersion,
      paths: this.#folders(),
    }
    const text =
      type === 'application/yaml' ? encodeYaml(object) : `${JSON.stringify(object, null, pretty ? 2 : 0)}\n`
    const contentType = `${type};g=config.k8s.io;v=${version};as=Statusz`
    const headers = version === newest ? {} : { warning: `299 - "${deprecated}"` }
    return { type: 'bytes', status: 200, contentType, chunks: [new TextEncoder().encode(text)], headers }
  }
}
