import { ClusterRole } from '../../api/rbac/cluster-role/kind.ts'
import { ClusterRoleBinding } from '../../api/rbac/cluster-role-binding/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import { ensureDnsService } from '../../dns/ensure-dns-service.ts'

const name = 'system:coredns'
const group = 'rbac.authorization.k8s.io'

/** The Service of cluster DNS, and what those who answer for it may read; kubeadm's names. */
export async function ensureDns(client: Client, address: string): Promise<void> {
  const create = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!isStatus(error, 'AlreadyExists')) throw error
    })
  }
  await Promise.all([
    ensureDnsService(client, address),
    create(
      client.resource(ClusterRole).create({
        apiVersion: `${group}/v1`,
        kind: 'ClusterRole',
        metadata: { name },
        rules: [
          {
            apiGroups: [''],
            resources: ['endpoints', 'services', 'pods', 'namespaces'],
            verbs: ['list', 'watch'],
          },
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
        ],
      }),
    ),
    create(
      client.resource(ClusterRoleBinding).create({
        apiVersion: `${group}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name },
        roleRef: { apiGroup: group, kind: 'ClusterRole', name },
        subjects: [{ apiGroup: group, kind: 'User', name }],
      }),
    ),
  ])
}
