import type { ApiServer } from '../../../../src/apiserver/api-server.ts'
import type { UserInfo } from '../../../../src/apiserver/request.ts'
import type { Host } from '../../../../src/base/host.ts'
import { silentLogger } from '../../../../src/base/logger.ts'
import { PrometheusMetrics } from '../../../../src/base/prometheus.ts'
import type { Client } from '../../../../src/client/client.ts'
import { createClient } from '../../../../src/client/create-client.ts'
import { createInformerFactory } from '../../../../src/client/informer-factory.ts'
import { SeriesRecorder } from '../../../../src/client/series-recorder.ts'
import { componentUser, controllerUser } from '../../../../src/cluster/control-plane/component-clients.ts'
import { KindsOfServer } from '../../../../src/cluster/control-plane/kinds-of.ts'
import { runControllers } from '../../../../src/cluster/control-plane/run-controllers.ts'
import { type ControllersOptions, controllers } from '../../../../src/controllers/controllers.ts'
import { type Leadership, runLeaderElection } from '../../../../src/reconcile/leader-election.ts'
import { SimulatedProcess } from '../../../../src/reconcile/testing/simulated-process.ts'
import { Scheduler } from '../../../../src/scheduler/scheduler.ts'
import type { Link } from './link.ts'

export interface ControlSettings extends Pick<ControllersOptions, 'nodeLifecycle'> {
  /** Whether a process works only while it holds the lease; one alone needs none. */
  readonly elect?: boolean
}

interface ControlOptions {
  readonly name: string
  readonly host: Host
  readonly link: Link
  readonly server: () => ApiServer
  readonly settings: ControlSettings
}

const managerUser = componentUser('system:kube-controller-manager')
const schedulerUser = componentUser('system:kube-scheduler')
const alwaysAllowed = (): void => {}

/** Controllers and scheduler as a process of their own. */
export class ControlProcess {
  readonly name: string
  readonly process: SimulatedProcess
  readonly link: Link
  readonly #options: ControlOptions
  #leads = false

  constructor(options: ControlOptions) {
    this.#options = options
    this.name = options.name
    this.link = options.link
    this.process = new SimulatedProcess(options.host)
    const identity = `control-${options.host.random().toString(36).slice(2)}`
    void (options.settings.elect ? this.#runElected(identity) : this.#work(alwaysAllowed))
  }

  get leads(): boolean {
    return this.#leads && !this.process.isDead
  }

  /** Ends for good when the lease is lost, as the real ones do. */
  async #runElected(identity: string): Promise<void> {
    const { host } = this.process
    const client = this.#client(managerUser, 'leader-election', alwaysAllowed)
    const never = new AbortController().signal
    const lead = async ({ signal, checkLease }: Leadership): Promise<void> => {
      signal.addEventListener('abort', () => this.process.kill())
      await this.#work(checkLease)
      await new Promise<void>(() => {})
    }
    const lease = { namespace: 'kube-system', name: 'kube-controller-manager', identity }
    const events = { event: () => {} }
    const metrics = new PrometheusMetrics()
    await runLeaderElection(
      { client, events, host, logger: silentLogger, metrics, ...lease, lead, releaseOnCancel: false },
      never,
    )
  }

  #client(user: UserInfo, agent: string, beforeWrite: () => void): Client {
    const outer = this.#options.link.transport(() => this.#options.server().transportFor(user, agent))
    const own = this.process.transport(outer)
    const transport = {
      ...own,
      request: async (request: Parameters<typeof own.request>[0]) => {
        if (request.method !== 'GET') beforeWrite()
        return own.request(request)
      },
    }
    return createClient(transport, { fieldManager: agent })
  }

  async #work(beforeWrite: () => void): Promise<void> {
    this.#leads = true
    const { host } = this.process
    const parts = { host, logger: silentLogger, metrics: new PrometheusMetrics() }
    const manager = this.#client(managerUser, 'kube-controller-manager', beforeWrite)
    const informers = createInformerFactory({ client: manager, ...parts })
    const list = controllers({
      kinds: new KindsOfServer(this.#options.server(), { ...parts, transport: manager.transport }),
      rootCertificate: 'PEM',
      namespaceSettleMs: 0,
      nodeIpam: { ranges: [{ cidr: '10.244.0.0/16', nodeBits: 24 }] },
      ...this.#options.settings,
    })
    const client = this.#client(schedulerUser, 'kube-scheduler', beforeWrite)
    const events = new SeriesRecorder({ client, ...parts, hostname: 'simulation' })
    const scheduler = new Scheduler({ client, informers, events, ...parts })
    const clientOf = (name: string): Client =>
      this.#client(controllerUser(name), 'kube-controller-manager', beforeWrite)
    await Promise.all([runControllers(list, { ...parts, informers, clientOf }, []), scheduler.start()])
  }
}
