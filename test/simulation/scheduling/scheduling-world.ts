import { Node } from '../../../src/api/core/node/kind.ts'
import { Pod } from '../../../src/api/core/pod/kind.ts'
import type { core } from '../../../src/api/generated/types/index.ts'
import { silentLogger } from '../../../src/base/logger.ts'
import { PrometheusMetrics } from '../../../src/base/prometheus.ts'
import type { VirtualHost } from '../../../src/base/virtual-host.ts'
import type { Client } from '../../../src/client/client.ts'
import { createClient } from '../../../src/client/create-client.ts'
import type { InformerFactory } from '../../../src/client/informer.ts'
import { createInformerFactory } from '../../../src/client/informer-factory.ts'
import { FakeApi } from '../../../src/client/testing/fake-api.ts'
import { testHost } from '../../../src/client/testing/test-host.ts'
import { schedulingOf } from '../../../src/scheduler/config/scheduling-of.ts'
import type { PodInfo } from '../../../src/scheduler/pod-info.ts'
import { Scheduler } from '../../../src/scheduler/scheduler.ts'
import { BindingApi } from './binding-api.ts'
import { brokenClaims } from './claim-promises.ts'
import { bindClaim, createClasses } from './devices-and-volumes.ts'
import { drift } from './drift.ts'
import { brokenPromises } from './promises.ts'
import { brokenSpreads } from './spread-promise.ts'

/** Of bindings that fail. */
const bindingFaults = 0.1

/** A scheduler on virtual time, over a small API in memory. */
export class SchedulingWorld {
  readonly host: VirtualHost
  /** Of users. */
  readonly client: Client
  readonly wrong: string[] = []
  readonly #informers: InformerFactory
  readonly #scheduler: Scheduler

  constructor(seed: number) {
    this.host = testHost(seed)
    const api = new FakeApi(this.host)
    this.client = createClient(api)
    const binding = new BindingApi(api, this.host, {
      faults: bindingFaults,
      onBound: async (pod) => {
        const [nodes, pods] = [await this.nodes(), await this.pods()]
        for (const what of brokenPromises(nodes, pods)) this.#say(what)
        for (const what of await brokenClaims(this.client, nodes, pod)) this.#say(what)
      },
      onVolume: (volume) => bindClaim(this.client, volume),
    })
    const client = createClient(binding)
    const { host } = this
    this.#informers = createInformerFactory({ client, host, logger: silentLogger })
    const witness = {
      name: 'Witness',
      weight: 0,
      make: ({ nodes }: Parameters<typeof drift>[0]) => ({
        name: 'Witness',
        events: [],
        preFilter: () => {
          const seen = this.#informers.informer(Pod).lister.list()
          for (const what of drift({ nodes }, this.#informers.informer(Node).lister.list(), seen))
            this.#say(what)
          return { type: 'skip' as const }
        },
        reserve: (pod: PodInfo, node: string) => {
          for (const what of brokenSpreads(pod, node, nodes)) this.#say(what)
          return undefined
        },
      }),
    }
    this.#scheduler = new Scheduler({
      ...schedulingOf({ plugins: [witness] }),
      ...{ client, host, informers: this.#informers, logger: silentLogger },
      events: { report: () => {} },
      metrics: new PrometheusMetrics(),
    })
  }

  async start(): Promise<void> {
    const creating = createClasses(this.client)
    await this.host.advance(10)
    await creating
    const starting = this.#scheduler.start()
    await this.host.advance(100)
    await starting
  }

  async stop(): Promise<void> {
    this.#scheduler.stop()
    const stopping = this.#informers.stop()
    await this.host.advance(1_000)
    await stopping
  }

  async nodes(): Promise<readonly core.v1.Node[]> {
    return (await this.client.resource(Node).list()).items
  }

  async pods(): Promise<readonly core.v1.Pod[]> {
    return (await this.client.resource(Pod).list()).items
  }

  #say(what: string): void {
    this.wrong.push(`${this.host.now()}: ${what}`)
  }
}
