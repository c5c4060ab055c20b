import { defined } from '../base/defined.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { PrometheusMetrics } from '../base/prometheus.ts'
import { wasmPods } from '../kubelet/runtime/wasm/wasm-pods.ts'
import { KubeletInProcess } from '../kubelet/server/kubelet-in-process.ts'
import { type SimulatedNode, SimulatedNodes } from '../kubelet/simulated-nodes.ts'
import type { Simulation } from '../kubelet/stages/read-simulation.ts'
import { adminUser, clientFor, nodeUser } from './control-plane/component-clients.ts'
import type { ControlPlane } from './control-plane/control-plane.ts'
import { type InProcessNodes, simulatedNodeAddress } from './in-process-nodes.ts'
import type { NetworkOptions } from './options.ts'
import type { NodeState } from './state-file.ts'
import { kubernetesVersion } from './version.ts'

export interface SimulatedNodesOptions {
  readonly controlPlane: ControlPlane
  readonly host: Host
  readonly logger: Logger
  readonly network: NetworkOptions
  readonly names: readonly string[]
  /** Told of every node's agent. */
  readonly inProcess: InProcessNodes
  readonly simulation: Simulation | undefined
  /** Where WASI modules and what they write are kept; undefined: none run. */
  readonly modules: { readonly directory: string; readonly imageDirectory: string } | undefined
}

export interface RunningNodes {
  readonly nodes: readonly NodeState[]
  /** A simulated node, to make its containers end or to switch it off; undefined for others. */
  simulated(name: string): SimulatedNode | undefined
  /** The cluster's certificates are others now: nodes in processes of their own show theirs. */
  renewed?(): void
  /** Ends the nodes and their pods. */
  stop(): Promise<void>
}

/** Starts nodes in memory; resolves when all have registered. */
export async function startSimulatedNodes(options: SimulatedNodesOptions): Promise<RunningNodes> {
  const { controlPlane, host, logger, network, names, inProcess, simulation, modules } = options
  const { server, informers } = controlPlane
  const nodes = new SimulatedNodes({
    client: clientFor(server, adminUser, 'kubelet'),
    nodeClient: (name) => clientFor(server, nodeUser(name), 'kubelet'),
    informers,
    host,
    logger,
    dns: { servers: [network.dnsAddress], domain: network.domain },
    version: kubernetesVersion,
    ...defined({ simulation, realPods: modules && wasmPods({ host, logger, informers, ...modules }) }),
  })
  const started = await Promise.all(
    names.map(async (nodeName, index) => {
      const address = simulatedNodeAddress(index)
      const metrics = (): PrometheusMetrics => new PrometheusMetrics()
      return nodes.start({
        nodeName,
        address,
        metrics,
        onAgent: (agent) => {
          if (agent === undefined) inProcess.remove(address)
          else {
            const { kubelet, metrics = new PrometheusMetrics() } = agent
            inProcess.add(address, new KubeletInProcess({ api: kubelet.api, host, metrics }))
          }
        },
      })
    }),
  )
  const byName = new Map(started.map((node, index) => [names[index], node]))
  return {
    nodes: names.map((name) => ({ name, runtime: 'simulated' })),
    simulated: (name) => byName.get(name),
    stop: async () => {
      inProcess.close()
      await nodes.stop()
    },
  }
}
