import { protobufPacks } from '../../api/generated/protobuf.ts'
import { builtInSchemas } from '../../api/schemas.ts'
import { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { ByteSink } from '../../base/byte-sink.ts'
import { defined } from '../../base/defined.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Host } from '../../base/host.ts'
import { silentLogger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { type ApiServer, createApiServer } from '../api-server.ts'
import type { Authenticator } from '../authenticator.ts'
import type { Authorizer } from '../authorizer.ts'
import type { Audit } from '../chain/chain.ts'
import type { CustomResources } from '../custom-resources/custom-resources.ts'
import type { MakeConverter } from '../custom-resources/serving.ts'
import type { Filter } from '../filter.ts'
import type { ObjectReader } from '../object-reader.ts'
import { Query } from '../query.ts'
import { ServerRequest, type UserInfo } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { ServerCore } from '../server-core.ts'
import type { WriteAllocator } from '../write-allocator.ts'
import { testKinds } from './test-kinds.ts'

export const everythingAllowed: Authorizer = {
  authorize: () => ({ decision: 'allow', reason: '' }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false, evaluationError: '' }),
}

export const admin: UserInfo = { name: 'admin', groups: ['system:masters', 'system:authenticated'] }

export interface TestServerOptions {
  readonly host?: Host
  readonly metrics?: Metrics
  readonly storage?: Storage
  /** `testKinds` when absent. */
  readonly kinds?: readonly KindDeclaration[]
  /** The release's defaults when absent. */
  readonly features?: Features
  /** A function makes them from what the server has; `custom` may be asked once it runs. */
  readonly admission?:
    | readonly AdmissionPlugin[]
    | ((core: ServerCore, custom: () => CustomResources | undefined) => readonly AdmissionPlugin[])
  readonly authorizer?: Authorizer
  /** `admin`, always, when absent. */
  readonly authenticators?: readonly Authenticator[]
  readonly impersonation?: Filter
  readonly audit?: Audit
  readonly converter?: MakeConverter
  /** Made from the server's reader; started once it is loaded. */
  readonly allocator?: (reader: ObjectReader) => WriteAllocator & { start(): () => void }
  /** True: others write to the store, too. */
  readonly sharedStorage?: boolean
  /** True when absent. */
  readonly checked?: boolean
}

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly text: string
  readonly bytes: Uint8Array
  readonly warnings: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

export interface TestServer {
  readonly server: ApiServer
  readonly core: ServerCore
  readonly storage: Storage
  readonly transport: Transport
  /** As over a socket; `path` with its query. A stream is read to its end. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>
  /** The lines of a watch as they come. */
  watch(
    path: string,
    headers?: Readonly<Record<string, string>>,
    reader?: { readonly stalled: boolean },
  ): Promise<WatchLines>
  close(): Promise<void>
}

export interface WatchLines {
  readonly chunks: Uint8Array[]
  readonly ended: boolean
  /** What waits for a reader that has stalled. */
  readonly unreadBytes: number
  /** Parsed events so far. */
  events(): readonly { readonly type: string; readonly object: Readonly<Record<string, unknown>> }[]
  /** Waits until there are that many. */
  until(count: number): Promise<ReturnType<WatchLines['events']>>
  /** Reads nothing from now on. */
  stall(): void
  stop(): void
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function makeRequest(
  host: Host,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): ServerRequest {
  const [bare = '', query = ''] = path.split('?')
  const given: Readonly<Record<string, string>> =
    body === undefined ? headers : { 'content-type': 'application/json', ...headers }
  const bytes =
    body === undefined
      ? new Uint8Array()
      : body instanceof Uint8Array
        ? body
        : encoder.encode(typeof body === 'string' ? body : JSON.stringify(body))
  return new ServerRequest({
    method,
    path: decodeURIComponent(bare),
    query: Query.parse(query),
    startedMs: host.monotonicMs(),
    source: {
      connection: { remoteAddress: '127.0.0.1' },
      wantsObjects: false,
      header: (name) => given[name],
      headerNames: () => Object.keys(given),
      hasHeaderLike: (prefix) => Object.keys(given).some((name) => name.startsWith(prefix)),
      headerValues: (name) => (given[name] === undefined ? [] : [given[name]]),
      readBody: () => Promise.resolve({ type: 'bytes', bytes }),
      signal: new AbortController().signal,
    },
  })
}

async function read(response: ServerResponse): Promise<Uint8Array> {
  if (response.type === 'bytes') return Buffer.concat(response.chunks)
  if (response.type !== 'stream') throw new Error(`an answer is ${response.type}`)
  const chunks: Uint8Array[] = []
  return new Promise((resolve, reject) => {
    response.start({
      bufferedBytes: 0,
      write: (bytes, taken) => {
        chunks.push(taken === undefined ? bytes : bytes.slice())
        taken?.()
        return true
      },
      onDrain: (callback) => callback(),
      onClose: () => {},
      end: () => resolve(Buffer.concat(chunks)),
      destroy: () => reject(new Error('destroyed')),
    })
  })
}

class Lines implements WatchLines {
  readonly chunks: Uint8Array[] = []
  ended = false
  #wake: (() => void) | undefined
  #onClose: (() => void) | undefined
  #stalled = false
  unreadBytes = 0
  readonly sink: ByteSink = this.#makeSink()

  #makeSink(): ByteSink {
    const unread = (): number => this.unreadBytes
    return {
      get bufferedBytes() {
        return unread()
      },
      write: (bytes) => {
        if (this.#stalled) this.unreadBytes += bytes.length
        else this.chunks.push(bytes)
        this.#wake?.()
        return !this.#stalled
      },
      onDrain: (callback) => {
        if (!this.#stalled) callback()
      },
      onClose: (callback) => {
        this.#onClose = callback
      },
      end: () => {
        this.ended = true
        this.#wake?.()
      },
      destroy: () => {
        this.unreadBytes = 0
        this.ended = true
        this.#wake?.()
      },
    }
  }

  events(): ReturnType<WatchLines['events']> {
    const text = this.chunks.map((chunk) => decoder.decode(chunk)).join('')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }

  async until(count: number): Promise<ReturnType<WatchLines['events']>> {
    while (this.events().length < count && !this.ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.events()
  }

  stall(): void {
    this.#stalled = true
  }

  stop(): void {
    this.#onClose?.()
  }
}

/** A whole server over a store in memory, with everything allowed and every write checked. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const host = options.host ?? realHost
  const metrics = options.metrics ?? new PrometheusMetrics()
  const storage = options.storage ?? new MemoryStorage({ host })
  const core = new ServerCore({
    host,
    storage,
    logger: silentLogger,
    metrics,
    kinds: options.kinds ?? testKinds,
    schemas: builtInSchemas,
    protobuf: new ProtobufCodec(protobufPacks, builtInSchemas),
    checked: options.checked ?? true,
    sharedStorage: options.sharedStorage ?? false,
    ...(options.features === undefined ? {} : { features: options.features }),
  })
  const allocator = options.allocator?.(core.reader)
  const { admission = [] } = options
  const server: ApiServer = createApiServer(core, {
    authenticators: options.authenticators ?? [{ name: 'test', authenticate: () => ({ user: admin }) }],
    authorizer: options.authorizer ?? everythingAllowed,
    admission: typeof admission === 'function' ? admission(core, () => server.custom) : admission,
    ...defined({
      converter: options.converter,
      impersonation: options.impersonation,
      audit: options.audit,
    }),
    allocators: allocator === undefined ? [] : [allocator],
  })
  await server.start()
  allocator?.start()
  return {
    server,
    core,
    storage,
    transport: server.transportFor(admin, 'test/1'),
    call: async (method, path, body, headers = {}) => {
      const request = makeRequest(host, method, path, body, headers)
      const response = await server.handle(request)
      const bytes = await read(response)
      const { status = 0, contentType = '', headers: sent = {} } = response as Partial<Answer>
      const text = decoder.decode(bytes)
      return { status, contentType, text, bytes, warnings: request.warnings, headers: sent }
    },
    watch: async (path, headers = {}, { stalled } = { stalled: false }) => {
      const response = await server.handle(makeRequest(host, 'GET', path, undefined, headers))
      if (response.type !== 'stream') throw new Error(decoder.decode(await read(response)))
      const lines = new Lines()
      if (stalled) lines.stall()
      response.start(lines.sink)
      return lines
    },
    close: async () => {
      await server.close()
      await storage.close()
    },
  }
}
