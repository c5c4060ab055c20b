import { RuntimeClass } from '../api/node/runtime-class/kind.ts'
import type { AllocationManager } from './allocation/allocation-manager.ts'
import { serviceVariables } from './environment/service-variables.ts'
import { ImageManager } from './images/image-manager.ts'
import type { PullRecords } from './images/pull-records.ts'
import type { KubeletOptions } from './kubelet-options.ts'
import type { PodMetrics } from './metrics/pod-metrics.ts'
import type { MachineInfo } from './node/machine.ts'
import { machineLimits } from './node/machine-limits.ts'
import type { NodeAgent } from './node/node-agent.ts'
import type { EventSink, PodContext } from './pod/pod-context.ts'
import { UserNamespaces } from './pod/runtime-config/user-namespaces.ts'
import { StatusWriter } from './pod/status/status-writer.ts'
import { ProbeManager } from './probes/probe-manager.ts'
import { noManagers } from './resources/resource-managers.ts'

/** What of an agent its workers need, beside what the agent was handed itself. */
export interface ContextParts {
  readonly events: EventSink
  readonly info: MachineInfo
  readonly runtimeName: string
  readonly node: NodeAgent
  readonly allocations: AllocationManager
  readonly records: PullRecords | undefined
  readonly metrics: PodMetrics | undefined
}

/** What all workers of an agent are handed. */
export function makePodContext(options: KubeletOptions, parts: ContextParts): PodContext {
  const { events, info, runtimeName, node, allocations, records, metrics } = parts
  const { client, host, logger, runtime, settings, network, services } = options
  const agentStartMs = host.now()
  const machine = machineLimits(info, settings)
  return {
    host,
    logger,
    events,
    runtime,
    runtimeName,
    files: options.files,
    cgroups: options.cgroups,
    network,
    objects: options.objects,
    images: new ImageManager({
      ...{ host, runtime, records, metrics, nodeCredentials: options.nodeCredentials },
      maxParallelPulls: settings.serialPulls ? 1 : (settings.maxParallelPulls ?? Number.POSITIVE_INFINITY),
    }),
    probes: new ProbeManager({
      host,
      runtime,
      network,
      events,
      agentStartMs,
      simulate: options.simulateProbe,
    }),
    statuses: new StatusWriter({ host, logger, client, metrics }),
    allocations,
    managers: options.managers ?? noManagers,
    userNamespaces: new UserNamespaces(runtime, settings.maxPods),
    facts: () => ({
      nodeName: settings.nodeName,
      nodeIps: info.addresses,
      allocatable: node.node?.status?.allocatable ?? {},
      security: { seccompRoot: settings.seccompRoot, seccompDefault: settings.seccompDefault ?? false },
      machine,
      dns: settings.dns,
      runtime: node.runtimeStatus,
    }),
    serviceVariables: async (namespace, enableServiceLinks, isStatic) => {
      if (!services.synced && !isStatic) await services.whenSynced()
      const { lister } = services
      const own = enableServiceLinks && namespace !== 'default' ? lister.list(namespace) : []
      return serviceVariables([...lister.list('default'), ...own], namespace, enableServiceLinks)
    },
    networkError: () => node.networkError,
    runtimeHandler: async (name) => (await client.resource(RuntimeClass).get('', name)).handler,
    agentStartMs,
    metrics,
    crashLoop: settings.crashLoop,
  }
}
