import { type StatusError, statusError } from '../../../../src/apimachinery/status-error.ts'
import type { ApiRequest, Transport } from '../../../../src/apimachinery/transport.ts'
import type { Host } from '../../../../src/base/host.ts'
import { sleep } from '../../../../src/base/sleep.ts'

/** What may happen to a request on its way, and to its answer on the way back. Both may wait, throw, or never return. */
export interface Weather {
  onWay(request: ApiRequest): Promise<void>
  onReturn(request: ApiRequest): Promise<void>
  /** Before a batch of a watch arrives; throwing breaks the watch. */
  onBatch(request: ApiRequest): Promise<void>
}

/** As a client notices that nobody answers: the timeout of a request, and that of a watch's pings. */
const requestTimeoutMs = 10_000
const pingTimeoutMs = 45_000

const unreachable = (): StatusError => statusError('ServiceUnavailable', 'the server cannot be reached')

/** The network between one machine and the API server. It can be cut: what is under way is lost. */
export class Link {
  readonly #host: Host
  readonly #weather: Weather | undefined
  #cut: AbortController | undefined

  constructor(host: Host, weather?: Weather) {
    this.#host = host
    this.#weather = weather
  }

  cut(): void {
    this.#cut ??= new AbortController()
  }

  heal(): void {
    this.#cut = undefined
  }

  /** `inner` is asked for at each request: the server may be another one by then. */
  transport(inner: () => Transport): Transport {
    return {
      request: async (request) => {
        await this.#pass(request.signal)
        await this.#weather?.onWay(request)
        await this.#pass(request.signal)
        const response = await inner().request(request)
        await this.#pass(request.signal)
        await this.#weather?.onReturn(request)
        return response
      },
      watch: (request) => this.#watch(inner, request),
      close: async () => {},
    }
  }

  async *#watch(
    inner: () => Transport,
    request: ApiRequest,
  ): ReturnType<Transport['watch']> & AsyncGenerator {
    await this.#pass(request.signal)
    await this.#weather?.onWay(request)
    for await (const batch of inner().watch(request)) {
      if (this.#cut !== undefined) {
        await sleep(this.#host, pingTimeoutMs, request.signal)
        throw unreachable()
      }
      await this.#weather?.onBatch(request)
      yield batch
    }
  }

  async #pass(signal: AbortSignal | undefined): Promise<void> {
    if (this.#cut === undefined) return
    await sleep(this.#host, requestTimeoutMs, signal)
    throw unreachable()
  }
}
