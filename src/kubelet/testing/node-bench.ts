import { Pod as podKind } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { silentLogger } from '../../base/logger.ts'
import type { VirtualHost } from '../../base/virtual-host.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import type { SimulatedRuntimeOptions } from '../runtime/simulated/simulated-options.ts'
import { type SimulatedNode, type SimulatedNodeOptions, SimulatedNodes } from '../simulated-nodes.ts'
import { readSimulation } from '../stages/read-simulation.ts'

type Pod = core.v1.Pod

/** One simulated node against a small API in memory, on virtual time. */
export interface NodeBench {
  readonly host: VirtualHost
  readonly api: FakeApi
  readonly client: Client
  readonly node: SimulatedNode
  readonly nodes: SimulatedNodes
  /** Ends the agent; what it ran runs on, and the next agent finds it. */
  stopAgent(): Promise<void>
  startAgent(): Promise<void>
  /** Creates a pod bound to the node. */
  run(name: string, spec: Partial<core.v1.PodSpec>, metadata?: Pod['metadata']): Promise<Pod>
  get(name: string): Promise<Pod>
  /** Marks the pod as the API server does on a graceful delete. */
  markDeleted(name: string, graceSeconds: number): Promise<void>
  /** Reasons and messages of the Events so far. */
  events(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Keeps the fake API from deleting the pod before the agent is done with it. */
const hold = 'test.timonel.dev/hold'

export async function nodeBench(
  runtime: Omit<SimulatedRuntimeOptions, 'host'> = {},
  stages = '',
  extras: Pick<SimulatedNodeOptions, 'manifests' | 'metrics' | 'shutdown'> = {},
): Promise<NodeBench> {
  const host = testHost()
  const api = new FakeApi(host)
  const client = createClient(api)
  const informers = createInformerFactory({ client, host, logger: silentLogger })
  const dns = { servers: ['10.96.0.10'], domain: 'cluster.local' }
  const staged = stages === '' ? {} : { simulation: readSimulation(stages, host) }
  const shared = { client, informers, host, logger: silentLogger, dns, version: 'v1.36.0', ...staged }
  const nodes = new SimulatedNodes(shared)
  const starting = nodes.start({ nodeName: 'node-1', address: '10.0.0.1', runtime, ...extras })
  await host.advance(100)
  const node = await starting
  const name = { kind: 'Node', metadata: { name: 'node-1' } }
  await client.resource(podKind).list()
  await api.request({
    method: 'PATCH',
    path: '/api/v1/nodes/node-1',
    body: { ...name, spec: { podCIDR: '10.244.3.0/24' } },
  })
  await host.advance(1000)
  const pods = client.resource(podKind)
  return {
    host,
    api,
    client,
    node,
    nodes,
    stopAgent: async () => {
      const stopping = node.stop()
      await host.advance(1000)
      await stopping
    },
    startAgent: async () => {
      const again = nodes.start({ nodeName: 'node-1', address: '10.0.0.1', continues: node, ...extras })
      await host.advance(1000)
      await again
    },
    run: (podName, spec, metadata = {}) =>
      pods.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: podName, namespace: 'default', finalizers: [hold], ...metadata },
        spec: { restartPolicy: 'Always', nodeName: 'node-1', containers: [], ...spec },
      }),
    get: (podName) => pods.get('default', podName),
    markDeleted: async (podName, graceSeconds) => {
      const metadata = {
        deletionTimestamp: new Date(host.now() + graceSeconds * 1000).toISOString(),
        deletionGracePeriodSeconds: graceSeconds,
      }
      await pods.patch('default', podName, 'application/merge-patch+json', { metadata })
    },
    events: async () => {
      const answer = await api.request({ method: 'GET', path: '/api/v1/events' })
      const { items } = answer.body as { readonly items: readonly core.v1.Event[] }
      return items.map(({ reason, message }) => `${reason}: ${message}`)
    },
    close: async () => {
      const closing = [nodes.stop(), informers.stop()]
      await host.advance(1000)
      await Promise.all(closing)
    },
  }
}
