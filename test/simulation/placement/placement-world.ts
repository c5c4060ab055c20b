import { Namespace } from '../../../src/api/core/namespace/kind.ts'
import { Node } from '../../../src/api/core/node/kind.ts'
import { Pod } from '../../../src/api/core/pod/kind.ts'
import { featureGates } from '../../../src/api/feature-gates.ts'
import type { core, scheduling } from '../../../src/api/generated/types/index.ts'
import { PodGroup } from '../../../src/api/scheduling/pod-group/kind.ts'
import { silentLogger } from '../../../src/base/logger.ts'
import { PrometheusMetrics } from '../../../src/base/prometheus.ts'
import { createClient } from '../../../src/client/create-client.ts'
import { createInformerFactory } from '../../../src/client/informer-factory.ts'
import { FakeApi } from '../../../src/client/testing/fake-api.ts'
import { testHost } from '../../../src/client/testing/test-host.ts'
import { schedulingOf } from '../../../src/scheduler/config/scheduling-of.ts'
import { Scheduler } from '../../../src/scheduler/scheduler.ts'
import { BindingApi } from '../scheduling/binding-api.ts'

export interface Placement {
  readonly namespaces?: readonly core.v1.Namespace[]
  readonly nodes: readonly core.v1.Node[]
  /** In the order in which they come. */
  readonly pods: readonly core.v1.Pod[]
  readonly groups?: readonly scheduling.v1alpha2.PodGroup[]
  /** That are other than the release has them. */
  readonly gates?: Readonly<Record<string, boolean>>
  /** Of the one profile; absent: the default one. */
  readonly profile?: object
}

export interface Placed {
  readonly pods: readonly core.v1.Pod[]
  readonly groups: readonly scheduling.v1alpha2.PodGroup[]
}

/** Pods come all at once to a scheduler of that profile; answers with what is there when it has come to rest. */
export async function place(seed: number, placement: Placement): Promise<Placed> {
  const { namespaces = [], nodes, pods, groups = [], profile = {}, gates = {} } = placement
  const features = featureGates(new Map(Object.entries(gates)))
  const host = testHost(seed)
  const api = new FakeApi(host)
  const client = createClient(api)
  const scheduling = createClient(new BindingApi(api, host, { faults: 0, onBound: async () => {} }))
  const informers = createInformerFactory({ client: scheduling, host, logger: silentLogger })
  const scheduler = new Scheduler({
    ...schedulingOf({ configuration: { profiles: [profile], percentageOfNodesToScore: 100 } }, features),
    features,
    ...{ client: scheduling, host, informers, logger: silentLogger },
    events: { report: () => {} },
    metrics: new PrometheusMetrics(),
  })
  for (const each of namespaces) await client.resource(Namespace).create(each)
  for (const each of groups) await client.resource(PodGroup).create(each)
  for (const each of nodes) await client.resource(Node).create(each)
  for (const each of pods) await client.resource(Pod).create(each)
  // The caches first: whoever is told of late would be late in the queue.
  for (const kind of [Node, Pod]) informers.informer<core.v1.Node | core.v1.Pod>(kind)
  await host.advance(1_000)
  const starting = scheduler.start()
  await host.advance(2_000)
  await starting
  const placed = (await client.resource(Pod).list()).items
  const told = (await client.resource(PodGroup).list()).items
  scheduler.stop()
  const stopping = informers.stop()
  await host.advance(1_000)
  await stopping
  return { pods: placed, groups: told }
}

export interface NodeParts {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly cpu?: number
  readonly memoryGi?: number
}

export const node = ({ name, labels, cpu = 8, memoryGi = 32 }: NodeParts): core.v1.Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  status: { allocatable: { cpu: String(cpu), memory: `${memoryGi}Gi`, pods: '110' } },
})

export interface PodParts {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly cpuMilli?: number
  readonly memoryMi?: number
}

export const pod = ({ name, namespace = 'default', cpuMilli = 500, ...parts }: PodParts): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name, namespace },
    ...(parts.labels === undefined ? {} : { labels: { ...parts.labels } }),
    ...(parts.annotations === undefined ? {} : { annotations: { ...parts.annotations } }),
  },
  spec: {
    schedulerName: 'default-scheduler',
    containers: [
      {
        name: 'c',
        resources: { requests: { cpu: `${cpuMilli}m`, memory: `${parts.memoryMi ?? 1024}Mi` } },
      },
    ],
  },
})
