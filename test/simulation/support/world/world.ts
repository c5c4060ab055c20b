import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiServer } from '../../../../src/apiserver/api-server.ts'
import type { UserInfo } from '../../../../src/apiserver/request.ts'
import { realHost } from '../../../../src/base/host/real-host.ts'
import { silentLogger } from '../../../../src/base/logger.ts'
import { PrometheusMetrics } from '../../../../src/base/prometheus.ts'
import { VirtualHost } from '../../../../src/base/virtual-host.ts'
import type { Client } from '../../../../src/client/client.ts'
import { defaultAccess } from '../../../../src/cluster/access/access-options.ts'
import { type StartedApiServer, startApiServer } from '../../../../src/cluster/control-plane/api-server.ts'
import {
  type ApiServerIdentity,
  ownIdentity,
} from '../../../../src/cluster/control-plane/api-server-identity.ts'
import { adminUser, clientFor } from '../../../../src/cluster/control-plane/component-clients.ts'
import { ensurePki } from '../../../../src/cluster/pki/ensure-pki.ts'
import { MemoryStorage } from '../../../../src/storage/memory/memory-storage.ts'
import { ControlProcess, type ControlSettings } from './control-process.ts'
import { Link, type Weather } from './link.ts'
import { NodeMachine, type NodeSpec } from './node-machine.ts'

export interface WorldOptions {
  readonly seed: number
  readonly nodes: readonly NodeSpec[]
  readonly control?: ControlSettings
  /** Of each link, by the name of who is at its end; clear where absent. The world is there, though nothing may run in it yet. */
  readonly weather?: (who: string, world: World) => Weather | undefined
}

/** Keys take longer to make than a small simulation to run: all worlds of a process share them. */
const identity: { made?: Promise<ApiServerIdentity> } = {}

async function makeIdentity(): Promise<ApiServerIdentity> {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-world-'))
  try {
    const names = { serverNames: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local' }
    return ownIdentity(await ensurePki(folder, { host: realHost, ...names }), names.clusterDomain)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * A cluster of simulated processes and machines, each of which can be frozen, killed or cut off by itself: an API
 * server without sockets, control planes, nodes. The store outlives everything else.
 */
export class World {
  readonly host: VirtualHost
  readonly controls: ControlProcess[] = []
  readonly nodes = new Map<string, NodeMachine>()
  readonly #options: WorldOptions
  readonly #storage: MemoryStorage
  #api: StartedApiServer | undefined

  private constructor(options: WorldOptions) {
    this.#options = options
    this.host = new VirtualHost({
      seed: options.seed,
      hop: () => realHost.nextTurn(),
      sha256: (data) => realHost.sha256(data),
    })
    this.#storage = new MemoryStorage({ host: this.host })
  }

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options)
    await world.#startServer()
    world.startControl()
    for (const spec of options.nodes) world.startNode(spec)
    await world.host.advance(3_000)
    return world
  }

  get server(): ApiServer {
    if (this.#api === undefined) throw new Error('the API server does not run')
    return this.#api.server
  }

  /** The administrator's, who is always in touch. */
  get client(): Client {
    return clientFor(this.server, adminUser, 'test')
  }

  /** Lets time pass with everything that falls due in it. */
  advance(ms: number): Promise<void> {
    return this.host.advance(ms)
  }

  /** Does something and lets `settleMs` pass for what follows from it. */
  async do<T>(work: Promise<T>, settleMs = 100): Promise<T> {
    work.catch(() => {})
    await this.host.advance(settleMs)
    return work
  }

  /** The API server ends with everything that it remembers, and another one opens the store. */
  async restartServer(): Promise<void> {
    const stopping = this.#api?.stop()
    this.#api = undefined
    await this.host.advance(0)
    await stopping
    await this.#startServer()
  }

  /** One more process of controllers and scheduler. */
  startControl(): ControlProcess {
    const name = `control-${this.controls.length + 1}`
    const process = new ControlProcess({
      name,
      host: this.host,
      link: this.#link(name),
      server: () => this.server,
      settings: this.#options.control ?? {},
    })
    this.controls.push(process)
    return process
  }

  startNode(spec: NodeSpec): NodeMachine {
    const machine = new NodeMachine({
      ...{ host: this.host, spec, index: [...this.nodes.keys(), spec.name].indexOf(spec.name) },
      link: this.#link(spec.name),
      transportFor: (user: UserInfo, agent: string) => this.server.transportFor(user, agent),
    })
    this.nodes.set(spec.name, machine)
    machine.start()
    return machine
  }

  node(name: string): NodeMachine {
    const found = this.nodes.get(name)
    if (found === undefined) throw new Error(`there is no node ${name}`)
    return found
  }

  /** Everything ends at once, as in a power cut. */
  async stop(): Promise<void> {
    for (const { process } of [...this.controls, ...this.nodes.values()]) process.kill()
    const stopping = this.#api?.stop()
    await this.host.advance(1_000)
    await stopping
  }

  #link(who: string): Link {
    return new Link(this.host, this.#options.weather?.(who, this))
  }

  async #startServer(): Promise<void> {
    identity.made ??= makeIdentity()
    const { host } = this
    const starting = startApiServer({
      ...{ host, logger: silentLogger, metrics: new PrometheusMetrics() },
      store: { storage: this.#storage, shared: false, probe: async () => {} },
      identity: await identity.made,
      access: defaultAccess,
      admission: { enable: ['NodeRestriction'], disable: [] },
      advertise: { address: '127.0.0.1', port: 6443 },
      serviceAddress: '10.96.0.1',
      serviceCidrs: ['10.96.0.0/12'],
      nodePorts: { first: 30_000, last: 32_767 },
      components: new Map(),
      checked: false,
    })
    starting.catch(() => {})
    await host.advance(0)
    this.#api = await starting
  }
}
