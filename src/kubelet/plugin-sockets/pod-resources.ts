import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import podResourcesDescriptor from '../../api/generated/rpc/podresources-v1.json' with { type: 'json' }
import type { core } from '../../api/generated/types/index.ts'
import { assert } from '../../base/assert.ts'
import { loadServices } from '../../base/host/load-services.ts'
import type { Metrics } from '../../base/metrics.ts'
import { serveGrpc, unary } from '../grpc/grpc-server.ts'
import { podResourcesMessage, resourcesMessage } from '../resources/held-resources.ts'
import type { ResourceManagers } from '../resources/resource-managers.ts'

export interface PodResourcesOptions {
  readonly socketPath: string
  readonly managers: Pick<ResourceManagers, 'held' | 'obtainable'>
  /** Those that have not ended. */
  readonly pods: () => readonly core.v1.Pod[]
  readonly metrics?: Metrics
}

interface GetRequest {
  readonly podName: string
  readonly podNamespace: string
}

/** Serves the pod-resources API: which pod has what of the machine. Returns what ends it. */
export async function servePodResources(options: PodResourcesOptions): Promise<() => Promise<void>> {
  const { socketPath, managers, pods, metrics } = options
  await mkdir(dirname(socketPath), { recursive: true, mode: 0o750 })
  const service = loadServices(podResourcesDescriptor).get('v1.PodResourcesLister')
  assert(service !== undefined, 'no service PodResourcesLister')
  const counter = (name: string, what: string) =>
    metrics?.counter({
      name: `kubelet_pod_resources_endpoint_${name}`,
      help: `Number of ${what} to the PodResource endpoint. Broken down by server api version.`,
      labels: ['server_api_version'],
    })
  const total = counter('requests_total', 'cumulative requests')
  const count = (name: string) => {
    const own = counter(name, 'requests of a kind')
    return () => {
      total?.inc(['v1'])
      own?.inc(['v1'])
    }
  }
  const [listed, asked, got] = [
    count('requests_list'),
    count('requests_get_allocatable'),
    count('requests_get'),
  ]
  const heldBy = managers.held.bind(managers)
  return serveGrpc(socketPath, service, {
    List: unary(async () => {
      listed()
      return { podResources: pods().map((pod) => podResourcesMessage(pod, heldBy)) }
    }),
    GetAllocatableResources: unary(async () => {
      asked()
      return resourcesMessage(managers.obtainable())
    }),
    Get: unary(async ({ podName, podNamespace }: GetRequest) => {
      got()
      const pod = pods().find(
        ({ metadata }) => metadata?.name === podName && metadata.namespace === podNamespace,
      )
      if (pod === undefined) throw new Error(`pod ${podName} in namespace ${podNamespace} not found`)
      return { podResources: podResourcesMessage(pod, heldBy) }
    }),
  })
}
