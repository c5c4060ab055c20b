import type { core } from '../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { PatchType } from '../../apimachinery/transport.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import type { VirtualHost } from '../../base/virtual-host.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import { EventRecorder } from '../../client/event-recorder.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { resourcePath } from '../../client/resource-path.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { type AnyController, reporterOf } from '../controller.ts'
import { type RunningController, startController } from '../start-controller.ts'

const mergeType: PatchType = 'application/merge-patch+json'
const strategicType: PatchType = 'application/strategic-merge-patch+json'

/** Controllers on a fake API under virtual time. `stop` ends what was started. */
export class TestCluster {
  readonly host: VirtualHost = testHost()
  readonly api: FakeApi = new FakeApi(this.host)
  readonly client: Client = createClient(this.api)
  readonly informers: InformerFactory = createInformerFactory({
    client: this.client,
    host: this.host,
    logger: silentLogger,
  })
  readonly metrics: PrometheusMetrics = new PrometheusMetrics()
  readonly #running: RunningController[] = []
  readonly #recorders: EventRecorder[] = []

  start(declaration: AnyController): RunningController {
    const { host, client, informers, metrics } = this
    const component = reporterOf(declaration)
    const events = new EventRecorder({ client, host, logger: silentLogger, component })
    const running = startController(declaration, {
      client,
      informers,
      events,
      host,
      logger: silentLogger,
      metrics,
    })
    this.#running.push(running)
    this.#recorders.push(events)
    return running
  }

  async stop(): Promise<void> {
    const stopped = Promise.all([
      ...this.#running.map((controller) => controller.stop()),
      ...this.#recorders.map((recorder) => recorder.stop()),
      this.informers.stop(),
    ])
    await this.host.advance(20_000)
    await stopped
  }

  /** Does something with the API and lets everything that follows from it happen. */
  async do<T>(work: Promise<T>, settleMs = 100): Promise<T> {
    work.catch(() => {})
    await this.host.advance(settleMs)
    return work
  }

  create<T extends KubernetesObject>(
    kind: KindDeclaration<T>,
    object: NoInfer<T>,
    settleMs?: number,
  ): Promise<T> {
    return this.do(this.client.resource(kind).create(object), settleMs)
  }

  /** Merges `patch` into an object, on its status as well. */
  async change<T extends KubernetesObject>(
    kind: KindDeclaration<T>,
    name: string,
    patch: object,
  ): Promise<T> {
    const [namespace, objectName] = kind.namespaced ? (name.split('/') as [string, string]) : ['', name]
    const path = (subresource: string) => resourcePath(kind, namespace, objectName, subresource)
    const { status, ...rest } = patch as Record<string, unknown>
    const requests = [
      ...(Object.keys(rest).length === 0 ? [] : [{ path: path(''), body: rest, contentType: mergeType }]),
      // Conditions are merged by their types.
      ...(status === undefined
        ? []
        : [{ path: path('status'), body: { status }, contentType: strategicType }]),
    ]
    let body: unknown
    for (const request of requests) {
      body = (await this.do(this.api.request({ ...request, method: 'PATCH' }))).body
    }
    return body as T
  }

  get<T extends KubernetesObject>(kind: KindDeclaration<T>, name: string): Promise<T> {
    const [namespace = '', objectName = ''] = kind.namespaced ? name.split('/') : ['', name]
    return this.do(this.client.resource(kind).get(namespace, objectName), 1)
  }

  async list<T extends KubernetesObject>(
    kind: KindDeclaration<T>,
    labelSelector?: string,
  ): Promise<readonly T[]> {
    const options = labelSelector === undefined ? {} : { labelSelector }
    return (await this.do(this.client.resource(kind).list(options), 1)).items
  }

  /** `Normal SuccessfulCreate Created pod: web-1`, in the order of their making. */
  async events(): Promise<readonly string[]> {
    const response = await this.do(this.api.request({ method: 'GET', path: '/api/v1/events' }), 1)
    const { items } = response.body as core.v1.EventList
    return items.map(({ type, reason, message }) => `${type} ${reason} ${message}`)
  }
}
