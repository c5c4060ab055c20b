import type { core } from '../../../src/api/generated/types/index.ts'
import { conflict, statusError } from '../../../src/apimachinery/status-error.ts'
import type { ApiRequest, ApiResponse, Transport } from '../../../src/apimachinery/transport.ts'
import { sleep } from '../../../src/base/sleep.ts'
import type { VirtualHost } from '../../../src/base/virtual-host.ts'
import type { FakeApi } from '../../../src/client/testing/fake-api.ts'

/** How long who binds volumes takes, at most. */
const maxBinderMs = 50

export interface BindingApiOptions {
  /** Of bindings and of writes to claims and volumes, the part that fails: nothing of them is done, or all is and the answer is lost. */
  readonly faults: number
  /** Called when a volume has been written, after the answer. */
  readonly onVolume?: (volume: core.v1.PersistentVolume) => Promise<void>
  /** Called when a pod has its node, before the answer. */
  readonly onBound: (pod: core.v1.Pod) => Promise<void>
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
    const isClaim = request.method !== 'GET' && /\/(persistentvolume|resourceclaim)/.test(request.path)
    if (path === undefined && !isClaim) return this.#api.request(request)
    const fault = this.#host.random() < this.#options.faults
    if (fault && this.#host.random() < 0.5) throw statusError('ServiceUnavailable', 'the write is lost')
    const answer = path === undefined ? await this.#write(request) : await this.#bind(request, path)
    if (fault) throw statusError('ServiceUnavailable', 'the answer is lost')
    return answer
  }

  async #write(request: ApiRequest): Promise<ApiResponse> {
    const answer = await this.#api.request(request)
    if (request.path.includes('/persistentvolumes/'))
      void sleep(this.#host, this.#host.random() * maxBinderMs).then(() =>
        this.#options.onVolume?.(answer.body as core.v1.PersistentVolume),
      )
    return answer
  }

  async #bind(request: ApiRequest, path: string): Promise<ApiResponse> {
    const { target, metadata } = request.body as core.v1.Binding
    const pod = (await this.#api.request({ method: 'GET', path })).body as core.v1.Pod
    if (pod.spec?.nodeName || pod.metadata?.uid !== metadata?.uid || pod.metadata?.deletionTimestamp)
      throw conflict({ group: '', resource: 'pods', name: pod.metadata?.name ?? '' }, 'it is not to be bound')
    const spec = { containers: [], ...pod.spec, nodeName: target.name ?? '' }
    const answer = await this.#api.request({ method: 'PUT', path, body: { ...pod, spec } })
    await this.#options.onBound(answer.body as core.v1.Pod)
    return answer
  }

  watch(request: ApiRequest): ReturnType<Transport['watch']> {
    return this.#api.watch(request)
  }

  close(): Promise<void> {
    return this.#api.close()
  }
}
