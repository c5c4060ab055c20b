import type { Client } from '../../client/client.ts'
import { ensureDnsService } from '../../dns/ensure-dns-service.ts'
import { ensureReader } from './ensure-reader.ts'

/** The Service of cluster DNS, and what those who answer for it may read; kubeadm's names. */
export async function ensureDns(client: Client, address: string): Promise<void> {
  await Promise.all([
    ensureDnsService(client, address),
    ensureReader(client, 'system:coredns', {
      '': ['endpoints', 'services', 'pods', 'namespaces'],
      'discovery.k8s.io': ['endpointslices'],
    }),
  ])
}
