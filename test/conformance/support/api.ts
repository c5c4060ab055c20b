import type { KubernetesObject, WatchEvent } from '../../../src/apimachinery/meta.ts'
import type { PatchType, Transport } from '../../../src/apimachinery/transport.ts'

/** JSON as it comes; tests say what they expect of it. */
export type Json = KubernetesObject & {
  readonly [field: string]: unknown
  readonly items?: readonly Json[]
  readonly spec?: Readonly<Record<string, unknown>>
  readonly status?: Readonly<Record<string, unknown>>
}

type Query = Readonly<Record<string, string>>

/** What arrives over the wire is only known to be an object. */
const isJson = (body: unknown): body is Json => typeof body === 'object' && body !== null

/** Requests by URL, so that a row of a table can name any resource. */
export class Api {
  readonly transport: Transport

  constructor(transport: Transport) {
    this.transport = transport
  }

  async #send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    extra: { readonly body?: unknown; readonly query?: Query; readonly contentType?: PatchType } = {},
  ): Promise<Json> {
    const { body } = await this.transport.request({ method, path, ...extra })
    if (!isJson(body)) throw new TypeError(`${method} ${path} answered ${String(body)}`)
    return body
  }

  get(path: string, query: Query = {}): Promise<Json> {
    return this.#send('GET', path, { query })
  }

  async list(path: string, query: Query = {}): Promise<readonly Json[]> {
    return (await this.get(path, query)).items ?? []
  }

  create(path: string, body: unknown, query: Query = {}): Promise<Json> {
    return this.#send('POST', path, { body, query })
  }

  update(path: string, body: unknown): Promise<Json> {
    return this.#send('PUT', path, { body })
  }

  patch(
    path: string,
    body: unknown,
    contentType: PatchType = 'application/merge-patch+json',
    query: Query = {},
  ): Promise<Json> {
    return this.#send('PATCH', path, { body, contentType, query })
  }

  delete(path: string, query: Query = {}, options: object = {}): Promise<Json> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options }
    return this.#send('DELETE', path, { body, query })
  }

  /** Collects events until `enough` is content with them. */
  async watch(
    path: string,
    query: Query,
    enough: (events: readonly WatchEvent[]) => boolean,
  ): Promise<readonly WatchEvent[]> {
    const abort = new AbortController()
    const seen: WatchEvent[] = []
    try {
      for await (const batch of this.transport.watch({
        method: 'GET',
        path,
        query: { watch: 'true', timeoutSeconds: '20', ...query },
        signal: abort.signal,
      })) {
        seen.push(...batch)
        if (enough(seen)) return seen
      }
    } finally {
      abort.abort()
    }
    throw new Error(`the watch ended after ${seen.map(({ type }) => type).join(', ') || 'nothing'}`)
  }
}
