import { Client, connectivityState, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js'
import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader'
import { assert } from '../../base/assert.ts'
import type { RuntimeError } from '../runtime/runtime.ts'
import { runtimeErrorOf } from './status-codes.ts'
import { UnaryCalls } from './unary-calls.ts'

type Method = MethodDefinition<object, object>

const runtimeError = (error: ServiceError): RuntimeError => runtimeErrorOf(error.code, error.details)

/** Messages that are absent come as null: here they are absent. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) if (item !== null) copy[key] = withoutNulls(item)
  return copy
}

/** Pull secrets and environments pass through here; logs never see a message. */
const maxMessageBytes = 16 * 1024 * 1024

/**
 * A Unix socket that speaks gRPC; one for all services behind it. Calls, of which a pod's start has many, go over a
 * connection of their own: the library's cost several times as much as the call.
 */
export class GrpcConnection {
  readonly #client: Client
  readonly #calls: UnaryCalls
  readonly #services: ReadonlyMap<string, ServiceDefinition>

  constructor(socketPath: string, services: ReadonlyMap<string, ServiceDefinition>) {
    this.#services = services
    this.#calls = new UnaryCalls(socketPath, maxMessageBytes)
    this.#client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.max_send_message_length': maxMessageBytes,
      // A runtime that is being restarted is looked for again soon.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 3_000,
    })
  }

  /** The answer is of the type that the method's descriptor has. Rejects with RuntimeError. */
  async call<T>(
    service: string,
    method: string,
    request: object,
    timeoutMs?: number,
    metadata?: Metadata,
  ): Promise<T> {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method)
    const answer = await this.#calls.call({
      ...{ path, timeoutMs, request: requestSerialize(request) },
      headers: metadata?.toHttp2Headers() ?? {},
    })
    return withoutNulls(responseDeserialize(answer)) as T
  }

  /** A stream of answers; `ended` is called once, with what ended it. */
  stream<T>(
    service: string,
    method: string,
    request: object,
    handlers: {
      readonly data: (message: T) => void
      readonly ended: (error: RuntimeError | undefined) => void
    },
    metadata?: Metadata,
  ): () => void {
    const { path, requestSerialize, responseDeserialize } = this.#method(service, method)
    const call =
      metadata === undefined
        ? this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request)
        : this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata)
    let over = false
    const end = (error: RuntimeError | undefined): void => {
      if (over) return
      over = true
      handlers.ended(error)
    }
    call.on('data', (message: unknown) => handlers.data(withoutNulls(message) as T))
    call.on('error', (error: ServiceError) => end(runtimeError(error)))
    call.on('end', () => end(undefined))
    return () => {
      over = true
      call.cancel()
    }
  }

  /** Connects, and calls back whenever that is or is not so any more; it is tried again. */
  watch(changed: (isConnected: boolean) => void): void {
    const channel = this.#client.getChannel()
    const look = (): void => {
      const state = channel.getConnectivityState(true)
      if (state === connectivityState.SHUTDOWN) return
      if (state === connectivityState.READY || state === connectivityState.TRANSIENT_FAILURE)
        changed(state === connectivityState.READY)
      channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, look)
    }
    look()
  }

  close(): void {
    this.#client.close()
    this.#calls.close()
  }

  #method(service: string, method: string): Method {
    const definition = this.#services.get(service)?.[method]
    assert(definition !== undefined, `no method ${service}/${method}`)
    return definition
  }
}
