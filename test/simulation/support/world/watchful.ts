import { type core, Deployment, EndpointSlice, Node, Pod, Service } from '../../../../src/cluster/index.ts'
import { deployment, isReady, service } from '../workloads.ts'
import type { World } from './world.ts'

type PodSpec = Partial<core.v1.PodSpec>

/** Tolerations that keep pods on a silent node for that long, in place of the 300 s that admission adds. */
export const staysFor = (tolerationSeconds: number): core.v1.Toleration[] =>
  ['not-ready', 'unreachable'].map((what) => ({
    key: `node.kubernetes.io/${what}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds,
  }))

/** At most one pod of the workload on a machine. */
export const apart = (name: string): PodSpec => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: name } } },
      ],
    },
  },
})

/** Asks and measures in a world, by the second. */
export class Watchful {
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  /** A Deployment behind a Service, all of it ready. */
  async deploy(name: string, replicas: number, spec: PodSpec = {}): Promise<void> {
    const { client } = this.world
    const made = deployment(name, replicas)
    const { template } = made.spec ?? {}
    await client.resource(Service).create(service(name))
    await client.resource(Deployment).create({
      ...made,
      spec: {
        ...made.spec,
        selector: { matchLabels: { app: name } },
        template: { ...template, spec: { containers: [], ...template?.spec, ...spec } },
      },
    })
    await this.until(60, async () => (await this.readyPods(name)).length === replicas)
  }

  /** Seconds until it is so, looked at every second; throws when it takes more than `withinSeconds`. */
  async until(withinSeconds: number, isSo: () => Promise<boolean>): Promise<number> {
    for (let seconds = 0; seconds <= withinSeconds; seconds++) {
      if (await isSo()) return seconds
      await this.world.advance(1_000)
    }
    throw new Error(`it is not so after ${withinSeconds} s`)
  }

  async pods(name: string): Promise<readonly core.v1.Pod[]> {
    const selector = { namespace: 'default', labelSelector: `app=${name}` }
    return (await this.world.client.resource(Pod).list(selector)).items
  }

  async readyPods(name: string): Promise<readonly core.v1.Pod[]> {
    return (await this.pods(name)).filter(
      (pod) => isReady(pod) && pod.metadata?.deletionTimestamp === undefined,
    )
  }

  async node(name: string): Promise<core.v1.Node> {
    return this.world.client.resource(Node).get('', name)
  }

  /** Names of nodes that have a taint of that key and effect. */
  async tainted(key: string, effect: string): Promise<readonly string[]> {
    const { items } = await this.world.client.resource(Node).list()
    return items
      .filter(({ spec }) =>
        (spec?.taints ?? []).some((taint) => taint.key === key && taint.effect === effect),
      )
      .map(({ metadata }) => metadata?.name ?? '')
  }

  /** Nodes that the Service's ready endpoints are on. */
  async endpointNodes(name: string): Promise<readonly string[]> {
    const slices = await this.world.client.resource(EndpointSlice).list({
      namespace: 'default',
      labelSelector: `kubernetes.io/service-name=${name}`,
    })
    return slices.items
      .flatMap((slice) => slice.endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready)
      .map((endpoint) => endpoint.nodeName ?? '')
  }

  /** Uids, nodes and restarts: what must not change when nothing was to be killed. */
  async fingerprint(name: string): Promise<readonly string[]> {
    return (await this.pods(name))
      .map(({ metadata, spec, status }) => {
        const restarts = (status?.containerStatuses ?? []).map(
          ({ restartCount, containerID }) => `${restartCount} ${containerID}`,
        )
        return `${metadata?.uid} ${spec?.nodeName} ${restarts.join()}`
      })
      .sort()
  }
}
