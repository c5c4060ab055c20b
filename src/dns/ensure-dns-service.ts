import { Service } from '../api/core/service/kind.ts'
import type { core } from '../api/generated/types/index.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'

const namespace = 'kube-system'
/** Everybody's name for cluster DNS, whatever program answers. */
const name = 'kube-dns'

/** Without a selector: each node answers at the address itself, no pod does. */
function dnsService(address: string): core.v1.Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace,
      name,
      labels: {
        'k8s-app': 'kube-dns',
        'kubernetes.io/cluster-service': 'true',
        'kubernetes.io/name': 'CoreDNS',
      },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: address,
      clusterIPs: [address],
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
        { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
      ],
    },
  }
}

/**
 * Makes sure that the Service of cluster DNS is there, so that its address is taken and the name is known.
 * One that somebody made or changed is left as it is. The namespace must be there.
 */
export async function ensureDnsService(client: Client, address: string): Promise<void> {
  const services = client.resource(Service)
  // Asked first: the address of one that is there is taken, and a create would say that, not that it exists.
  const present = await services.get(namespace, name).catch((error: unknown) => {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  })
  if (present === undefined) await services.create(dnsService(address))
}
