import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
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
import { StorageUnavailableError } from '../storage.ts'
import { etcdError } from './etcd-error.ts'

/** PEM. */
export interface EtcdTls {
  readonly certificateAuthority?: string
  readonly certificate?: string
  readonly key?: string
}

export interface EtcdEndpoint {
  /** `https://127.0.0.1:2379`, `http://…`, `unix:///…`. */
  readonly url: string
  readonly tls?: EtcdTls
}

/** Upstream's bound of a write (`requestTimeoutUpperBound`). */
export const requestTimeoutMs = 34_000
/** Upstream's: notices soon that nobody is there any more. */
const keepaliveTimeMs = 30_000
const keepaliveTimeoutMs = 10_000
const firstReconnectMs = 100
const lastReconnectMs = 3_000
const readRetryMs = 25

/** Answers with WatchResponse. */
export type WatchCall = ClientDuplexStream<object, object>

function credentialsFor(url: URL, tls: EtcdTls | undefined): ChannelCredentials {
  if (url.protocol !== 'https:') return credentials.createInsecure()
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text))
  return credentials.createSsl(pem(tls?.certificateAuthority), pem(tls?.key), pem(tls?.certificate))
}

/** What gRPC calls the endpoint. Throws on a URL of another kind. */
function targetOf(url: URL): string {
  if (url.protocol === 'unix:') return `unix:${url.pathname}`
  if (url.protocol === 'http:' || url.protocol === 'https:') return url.host
  throw new Error(`${url.href} is no endpoint of etcd: it begins with http://, https:// or unix://`)
}

/** The calls to one etcd. Connects again by itself; what is under way when a connection breaks fails. */
export class EtcdConnection {
  readonly #host: Host
  readonly #client: Client
  readonly #services = loadServices(etcdDescriptor)

  constructor(host: Host, { url, tls }: EtcdEndpoint) {
    this.#host = host
    const parsed = new URL(url)
    this.#client = new Client(targetOf(parsed), credentialsFor(parsed, tls), {
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
        return await this.#call<T>(service, method, request, leftMs, new Metadata({ waitForReady: true }))
      } catch (error) {
        const again = error instanceof StorageUnavailableError && leftMs > readRetryMs
        if (!again) throw error
        await sleep(this.#host, readRetryMs)
      }
    }
  }

  /** A stream of watches, both ways. */
  watch(): WatchCall {
    const { path, requestSerialize, responseDeserialize } = this.#method('etcdserverpb.Watch', 'Watch')
    const metadata = new Metadata({ waitForReady: true })
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata)
  }

  close(): void {
    this.#client.close()
  }

  #call<T>(
    service: string,
    method: string,
    request: object,
    timeoutMs: number,
    metadata: Metadata,
  ): Promise<T> {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method)
    const calling = new Promise<T>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, response) => {
          if (error !== null) reject(etcdError(error))
          else resolve(response as T)
        },
      )
    })
    return this.#host.track(calling)
  }

  #method(service: string, method: string): MethodDefinition<object, object> {
    const definition = this.#services.get(service)?.[method]
    assert(definition !== undefined, `no method ${service}/${method}`)
    return definition
  }
}
