import type { core } from '../../../src/api/generated/types/index.ts'
import { conflict, statusError } from '../../../src/apimachinery/status-error.ts'
import type { ApiRequest, ApiResponse, Transport } from '../../../src/apimachinery/transport.ts'
import type { VirtualHost } from '../../../src/base/virtual-host.ts'
import type { FakeApi } from '../../../src/client/testing/fake-api.ts'

export interface BindingApiOptions {
  /** Of bindings, the part that fails: nothing of them is done, or all is and the answer is lost. */
  readonly faults: number
  /** Called when a pod has its node, before the answer. */
  readonly onBound: () => Promise<void>
}

/** The API server's part in binding, which the fake has not. */
export class BindingApi implements Transport {
  readonly #api: FakeApi
  readonly #host: VirtualHost
  readonly #options: BindingApiOptions

  constructor(api: FakeApi, host: VirtualHost, options: BindingApiOptions) {
    this.#api = api
    this.#host = host
    this.#options = options
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    const path = /^(.*\/pods\/[^/]+)\/binding$/.exec(request.path)?.[1]
    if (path === undefined) return this.#api.request(request)
    const fault = this.#host.random() < this.#options.faults
    if (fault && this.#host.random() < 0.5) throw statusError('ServiceUnavailable', 'the binding is lost')
    const { target, metadata } = request.body as core.v1.Binding
    const pod = (await this.#api.request({ method: 'GET', path })).body as core.v1.Pod
    if (pod.spec?.nodeName || pod.metadata?.uid !== metadata?.uid || pod.metadata?.deletionTimestamp)
      throw conflict({ group: '', resource: 'pods', name: pod.metadata?.name ?? '' }, 'it is not to be bound')
    const spec = { containers: [], ...pod.spec, nodeName: target.name ?? '' }
    const answer = await this.#api.request({ method: 'PUT', path, body: { ...pod, spec } })
    await this.#options.onBound()
    if (fault) throw statusError('ServiceUnavailable', 'the answer is lost')
    return answer
  }

  watch(request: ApiRequest): ReturnType<Transport['watch']> {
    return this.#api.watch(request)
  }

  close(): Promise<void> {
    return this.#api.close()
  }
}
