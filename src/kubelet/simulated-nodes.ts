import { Node as nodeKind } from '../api/core/node/kind.ts'
import { Pod as podKind } from '../api/core/pod/kind.ts'
import { Service as serviceKind } from '../api/core/service/kind.ts'
import type { core, node } from '../api/generated/types/index.ts'
import { RuntimeClass } from '../api/node/runtime-class/kind.ts'
import { defined } from '../base/defined.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Client } from '../client/client.ts'
import type { Informer, InformerFactory } from '../client/informer.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import type { KubeletOptions, ShutdownSettings } from './kubelet-options.ts'
import type { ClusterDns } from './pod/runtime-config/pod-network-identity.ts'
import { type HandlerRuntime, RuntimesByHandler } from './runtime/runtimes-by-handler.ts'
import { filesByHandler, logsByHandler, type RealParts } from './runtime/simulated/files-by-handler.ts'
import { SimulatedLogs } from './runtime/simulated/simulated-logs.ts'
import {
  defaultCapacity,
  noCgroups,
  type SimulatedCapacity,
  simulatedFiles,
  simulatedMachine,
  simulatedNetwork,
  simulatedProbes,
} from './runtime/simulated/simulated-node-parts.ts'
import type { SimulatedRuntimeOptions } from './runtime/simulated/simulated-options.ts'
import { SimulatedRuntime } from './runtime/simulated/simulated-runtime.ts'
import { simulatedUsage } from './runtime/simulated/simulated-usage.ts'
import { FeedByKey } from './sources/feed.ts'
import { WatchedObjects } from './sources/referenced-objects.ts'
import type { Simulation } from './stages/read-simulation.ts'
import { SimulationPlayer } from './stages/simulation-player.ts'
import type { StateStore } from './state/state-store.ts'
import type { ManifestSource } from './static/pod-feed.ts'

/** What runs the pods of one handler for real, beside the simulated ones. */
export interface RealPods extends HandlerRuntime, RealParts {
  close(): Promise<void>
}

export interface RealPodsRequest {
  readonly nodeName: string
  /** The node's own. */
  readonly client: Client
  readonly objects: WatchedObjects
  readonly node: () => core.v1.Node | undefined
}

export interface SimulatedNodesOptions {
  /** Sees all pods, nodes and services, and what pods refer to. Each node's own requests go through `nodeClient`. */
  readonly client: Client
  readonly informers: InformerFactory
  /** The client that a node writes as; the shared one when absent. */
  readonly nodeClient?: (nodeName: string) => Client
  readonly host: Host
  readonly logger: Logger
  readonly dns: ClusterDns
  /** `v1.36.0`. */
  readonly version: string
  /** How nodes and pods behave, beside what pods' own annotations say. */
  readonly simulation?: Simulation
  /** All pods are simulated where absent. */
  readonly realPods?: (request: RealPodsRequest) => RealPods
}

export interface SimulatedNodeOptions {
  readonly nodeName: string
  /** The node's own address. */
  readonly address: string
  readonly capacity?: SimulatedCapacity
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly core.v1.Taint[]
  readonly maxPods?: number
  /** Where an agent shows what it does; each start of the agent asks anew. */
  readonly metrics?: () => Metrics
  /** Told of the agent whenever it has started; undefined: it stops. */
  readonly onAgent?: (agent: RunningAgent | undefined) => void
  readonly runtime?: Omit<SimulatedRuntimeOptions, 'host'>
  /** Pods that it has from elsewhere than the API. */
  readonly manifests?: readonly ManifestSource[]
  /** What its pods get before it is switched off, and who says so. */
  readonly shutdown?: ShutdownSettings
  /** The agent of this node, which was stopped, starts again: with its runtime, and what it kept. */
  readonly continues?: Pick<SimulatedNode, 'runtime' | 'grants'>
}

export interface RunningAgent {
  readonly kubelet: Kubelet
  readonly metrics: Metrics | undefined
}

export interface SimulatedNode {
  /** The agent that runs, or ran last. */
  readonly kubelet: Kubelet
  /** To look into, to make containers end, and to fill the disk. */
  readonly runtime: SimulatedRuntime
  /** What its agent keeps of resized pods. */
  readonly grants: StateStore
  /** The node dies or is switched off: its agent stops, its node object stays. */
  stop(): Promise<void>
  /** After `stop`: its agent starts again, and finds what runs. */
  restart(): Promise<void>
}

type NodeParts = Pick<KubeletOptions, 'runtime' | 'files' | 'logs'>

/** Upstream's default. */
const defaultMaxPods = 110

/** Simulated nodes of one process: they share the informers, so that a node more costs no watch more. */
export class SimulatedNodes {
  readonly #options: SimulatedNodesOptions
  readonly #pods: FeedByKey<core.v1.Pod>
  readonly #nodes: FeedByKey<core.v1.Node>
  readonly #services: Informer<core.v1.Service>
  readonly #objects: WatchedObjects
  readonly #classes: Informer<node.v1.RuntimeClass> | undefined
  readonly #real = new Map<string, RealPods>()
  readonly #started = new Map<string, SimulatedNode>()
  readonly #simulation: SimulationPlayer | undefined

  constructor(options: SimulatedNodesOptions) {
    const { informers, client, host, logger } = options
    this.#options = options
    this.#pods = new FeedByKey(informers.informer(podKind), (pod) => pod.spec?.nodeName ?? '')
    this.#nodes = new FeedByKey(informers.informer(nodeKind), (node) => node.metadata?.name ?? '')
    this.#services = informers.informer(serviceKind)
    this.#objects = new WatchedObjects({ client, host, logger })
    if (options.realPods !== undefined) this.#classes = informers.informer(RuntimeClass)
    const { simulation } = options
    const nodeOf = (name: string): SimulatedNode | undefined => this.#started.get(name)
    if (simulation !== undefined)
      this.#simulation = new SimulationPlayer({ client, informers, host, logger, simulation, node: nodeOf })
  }

  async start(options: SimulatedNodeOptions): Promise<SimulatedNode> {
    const { nodeName, continues } = options
    const { call, usage } = this.#simulation ?? {}
    const staged = defined({ call, usage })
    const runtime =
      continues?.runtime ?? new SimulatedRuntime({ host: this.#options.host, ...staged, ...options.runtime })
    const grants = continues?.grants ?? grantsInMemory()
    let agent = await this.#startAgent(options, runtime, grants)
    let stopped = false
    const node: SimulatedNode = {
      get kubelet() {
        return agent.kubelet
      },
      runtime,
      grants,
      stop: async () => {
        if (stopped) return
        stopped = true
        options.onAgent?.(undefined)
        await agent.kubelet.stop()
      },
      restart: async () => {
        if (!stopped) return
        stopped = false
        agent = await this.#startAgent(options, runtime, grants)
      },
    }
    this.#started.set(nodeName, node)
    return node
  }

  async #startAgent(
    options: SimulatedNodeOptions,
    runtime: SimulatedRuntime,
    grants: StateStore,
  ): Promise<RunningAgent> {
    const { host, dns, version, client, nodeClient } = this.#options
    const { nodeName, address, capacity = defaultCapacity } = options
    const logger = this.#options.logger.child({ node: nodeName })
    const metrics = options.metrics?.()
    const ownClient = nodeClient?.(nodeName) ?? client
    const started: { kubelet?: Kubelet } = {}
    const simulated = {
      files: simulatedFiles(this.#objects),
      logs: new SimulatedLogs(runtime, host),
      runtime,
    }
    const real = this.#realPods({
      ...{ nodeName, client: ownClient, objects: this.#objects },
      node: () => started.kubelet?.node(),
    })
    const parts = real === undefined ? simulated : this.#withReal(simulated, real)
    const kubelet = await startKubelet({
      client: ownClient,
      host,
      logger,
      ...parts,
      machine: simulatedMachine(nodeName, address, capacity, runtime),
      cgroups: noCgroups,
      grants,
      network: simulatedNetwork,
      usage: simulatedUsage(runtime, host),
      pods: this.#pods.feed(nodeName),
      nodes: this.#nodes.feed(nodeName),
      services: this.#services,
      objects: this.#objects,
      simulateProbe: simulatedProbes(runtime),
      ...defined({ metrics, manifests: options.manifests, shutdown: options.shutdown }),
      settings: {
        nodeName,
        version,
        dns,
        labels: options.labels ?? {},
        taints: options.taints ?? [],
        maxPods: options.maxPods ?? defaultMaxPods,
        port: 0,
        seccompRoot: '/simulated/seccomp',
        serialPulls: true,
        keptImages: [],
      },
    })
    started.kubelet = kubelet
    const agent = { kubelet, metrics }
    options.onAgent?.(agent)
    return agent
  }

  /** A node's are made once: what they run outlives its agent. */
  #realPods(request: RealPodsRequest): RealPods | undefined {
    const real = this.#real.get(request.nodeName) ?? this.#options.realPods?.(request)
    if (real !== undefined) this.#real.set(request.nodeName, real)
    return real
  }

  #withReal(simulated: NodeParts, real: RealPods): NodeParts {
    const isReal = ({ spec }: core.v1.Pod): boolean => {
      const name = spec?.runtimeClassName ?? ''
      return name !== '' && this.#classes?.lister.get('', name)?.handler === real.handler
    }
    return {
      runtime: new RuntimesByHandler(simulated.runtime, real),
      files: filesByHandler(simulated.files, real, isReal),
      logs: logsByHandler(simulated.logs, real),
    }
  }

  async stop(): Promise<void> {
    await this.#simulation?.stop()
    await Promise.all([...this.#started.values()].map((node) => node.stop()))
    await Promise.all([...this.#real.values()].map((real) => real.close()))
    this.#pods.stop()
    this.#nodes.stop()
    await this.#objects.stop()
  }
}

function grantsInMemory(): StateStore {
  let kept: string | undefined
  return {
    load: async () => kept,
    save: async (text) => {
      kept = text
    },
  }
}
