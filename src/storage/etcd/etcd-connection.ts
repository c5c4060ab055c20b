import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientUnaryCall,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import etcdDescriptor from '../../api/generated/rpc/etcd-v3.json' with { type: 'json' }
import { assert } from '../../base/assert.ts'
import { loadServices } from '../../base/host/load-services.ts'
import type { Host } from '../../base/host.ts'
import { sleep } from '../../base/sleep.ts'
import { StorageError, StorageUnavailableError } from '../storage.ts'
import { etcdError } from './etcd-error.ts'

/** PEM. */
export interface EtcdTls {
  readonly certificateAuthority?: string
  readonly certificate?: string
  readonly key?: string
}

/** A cluster of them. */
export interface EtcdServers {
  /** Of its members, at least one: `https://127.0.0.1:2379`, `http://…`, `unix:///…`. */
  readonly urls: readonly string[]
  readonly tls?: EtcdTls
}

/** Upstream's bound of a write (`requestTimeoutUpperBound`). */
const requestTimeoutMs = 34_000
/** Upstream's: notices soon that nobody is there any more. */
const keepaliveTimeMs = 30_000
const keepaliveTimeoutMs = 10_000
const firstReconnectMs = 100
const lastReconnectMs = 3_000
const readRetryMs = 25

/** Answers with WatchResponse. */
export type WatchCall = ClientDuplexStream<object, object>

/** Its address, where it is one and no name. */
const addressOf = ({ hostname }: URL): string | undefined => {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? undefined : host
}

function credentialsFor(url: URL, tls: EtcdTls | undefined): ChannelCredentials {
  if (url.protocol !== 'https:') return credentials.createInsecure()
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text))
  const pems = [pem(tls?.certificateAuthority), pem(tls?.key), pem(tls?.certificate)] as const
  const address = addressOf(url)
  if (address === undefined) return credentials.createSsl(...pems)
  return credentials.createSsl(...pems, {
    checkServerIdentity: (_name, certificate) => checkServerIdentity(address, certificate),
  })
}

/** gRPC names in TLS whom it connects to, and an address is no name that TLS may send. */
const namedForTls = (url: URL): ChannelOptions =>
  url.protocol === 'https:' && addressOf(url) !== undefined ? { 'grpc.ssl_target_name_override': 'etcd' } : {}

/** What gRPC calls the endpoint. Throws on a URL of another kind. */
function targetOf(url: URL): string {
  if (url.protocol === 'unix:') return `unix:${url.pathname}`
  if (url.protocol === 'http:' || url.protocol === 'https:') return url.host
  throw new Error(`${url.href} is no endpoint of etcd: it begins with http://, https:// or unix://`)
}

function clientFor(text: string, tls: EtcdTls | undefined): Client {
  const url = new URL(text)
  return new Client(targetOf(url), credentialsFor(url, tls), {
    ...namedForTls(url),
    // As etcd's own client: pages of large objects come in one message.
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    'grpc.initial_reconnect_backoff_ms': firstReconnectMs,
    'grpc.max_reconnect_backoff_ms': lastReconnectMs,
    // A client of its own for each store, so that closing one leaves the others alone.
    'grpc.use_local_subchannel_pool': 1,
  })
}

const isReachable = (client: Client): boolean =>
  client.getChannel().getConnectivityState(true) !== connectivityState.TRANSIENT_FAILURE

/**
 * The calls to one member of an etcd, and to another one when that cannot be reached. Connects again by itself; what is
 * under way when a connection breaks fails.
 */
export class EtcdConnection {
  readonly #host: Host
  /** Of the members; the first is the one in use. */
  #clients: readonly Client[]
  readonly #services = loadServices(etcdDescriptor)
  readonly #calls = new Set<ClientUnaryCall>()
  #closed = false

  constructor(host: Host, { urls, tls }: EtcdServers) {
    assert(urls.length > 0, 'an etcd without members')
    this.#host = host
    this.#clients = urls.map((url) => clientFor(url, tls))
  }

  /** The member in use: another one where it cannot be reached. */
  get #client(): Client {
    const [first, ...others] = this.#clients
    assert(first !== undefined, 'an etcd without members')
    if (others.length === 0 || isReachable(first)) return first
    const other = others.find(isReachable)
    if (other !== undefined) this.#clients = [other, ...this.#clients.filter((client) => client !== other)]
    return other ?? first
  }

  /** It has answered that it can do nothing at this time: it is asked again when the others cannot either. */
  #avoid(client: Client): void {
    const [first, ...others] = this.#clients
    if (client === first) this.#clients = [...others, client]
  }

  /** Of calls that may wait: with one member there is nothing better to do. */
  get #patience(): Metadata {
    return new Metadata({ waitForReady: this.#clients.length === 1 })
  }

  /** A call that changes something: fails at once while there is no connection. */
  write<T>(service: string, method: string, request: object): Promise<T> {
    return this.#call(service, method, request, requestTimeoutMs, new Metadata())
  }

  /** A call that may be made twice: waits for a connection, and starts again when it breaks, all within `timeoutMs`. */
  async read<T>(service: string, method: string, request: object, timeoutMs = requestTimeoutMs): Promise<T> {
    const endMs = this.#host.monotonicMs() + timeoutMs
    for (;;) {
      const leftMs = Math.max(endMs - this.#host.monotonicMs(), 1)
      try {
        return await this.#call<T>(service, method, request, leftMs, this.#patience)
      } catch (error) {
        const again = error instanceof StorageUnavailableError && leftMs > readRetryMs && !this.#closed
        if (!again) throw error
        await sleep(this.#host, readRetryMs)
      }
    }
  }

  /** A stream of watches, both ways. */
  watch(): WatchCall {
    const { path, requestSerialize, responseDeserialize } = this.#method('etcdserverpb.Watch', 'Watch')
    const metadata = this.#patience
    // A member that has lost the others says so.
    if (this.#clients.length > 1) metadata.set('hasleader', 'true')
    const client = this.#client
    const call: WatchCall = client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
    )
    call.on('error', (error: ServiceError) => {
      if (etcdError(error) instanceof StorageUnavailableError) this.#avoid(client)
    })
    return call
  }

  /** What is under way fails. */
  close(): void {
    this.#closed = true
    for (const call of this.#calls) call.cancel()
    for (const client of this.#clients) client.close()
  }

  #call<T>(
    service: string,
    method: string,
    request: object,
    timeoutMs: number,
    metadata: Metadata,
  ): Promise<T> {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method)
    if (this.#closed) return Promise.reject(new StorageError('the store is closed'))
    const client = this.#client
    const calling = new Promise<T>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, response) => {
          this.#calls.delete(call)
          if (error === null) return resolve(response as T)
          const failure = etcdError(error)
          if (failure instanceof StorageUnavailableError) this.#avoid(client)
          reject(failure)
        },
      )
      this.#calls.add(call)
    })
    return this.#host.track(calling)
  }

  #method(service: string, method: string): MethodDefinition<object, object> {
    const definition = this.#services.get(service)?.[method]
    assert(definition !== undefined, `no method ${service}/${method}`)
    return definition
  }
}
