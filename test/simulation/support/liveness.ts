import { type Client, Deployment, EndpointSlice, Pod } from '../../../src/cluster/index.ts'
import { isReady } from './workloads.ts'

/** What is not yet as it was asked for; empty when everything has come to rest. */
export async function unfinished(client: Client, nodesAlive: readonly string[]): Promise<readonly string[]> {
  const deployments = await client.resource(Deployment).list()
  const pods = (await client.resource(Pod).list({ namespace: 'default' })).items
  const slices = (await client.resource(EndpointSlice).list({ namespace: 'default' })).items
  const missing: string[] = []
  for (const { metadata, spec, status } of deployments.items) {
    const name = metadata?.name ?? ''
    const wanted = spec?.replicas ?? 1
    const staying = pods.filter(
      (pod) => pod.metadata?.labels?.app === name && pod.metadata.deletionTimestamp === undefined,
    )
    const ready = staying.filter(isReady)
    if (ready.length !== wanted || staying.length !== wanted)
      missing.push(`${name}: ${ready.length} of ${staying.length} pods are ready, ${wanted} are wanted`)
    if ((status?.availableReplicas ?? 0) !== wanted || (status?.updatedReplicas ?? 0) !== wanted)
      missing.push(`${name}: its status says ${JSON.stringify(status)}`)
    if (ready.some((pod) => !nodesAlive.includes(pod.spec?.nodeName ?? '')))
      missing.push(`${name}: a ready pod is on a dead node`)
    const served = slices
      .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === name)
      .flatMap((slice) => slice.endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready)
      .flatMap((endpoint) => endpoint.addresses)
    if (
      served.toSorted().join() !==
      ready
        .map((pod) => pod.status?.podIP)
        .toSorted()
        .join()
    )
      missing.push(`${name}: its endpoints are ${served.join(', ')}`)
  }
  return missing
}
