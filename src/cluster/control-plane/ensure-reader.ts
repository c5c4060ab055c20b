import { ClusterRole } from '../../api/rbac/cluster-role/kind.ts'
import { ClusterRoleBinding } from '../../api/rbac/cluster-role-binding/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'

const group = 'rbac.authorization.k8s.io'

const mergePatch = 'application/merge-patch+json'

/** The user `name` may list and watch these resources (API group → their names), by a role of that name. What an earlier version made is brought up to date. */
export async function ensureReader(
  client: Client,
  name: string,
  resources: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const create = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!isStatus(error, 'AlreadyExists')) throw error
    })
  }
  const rules = Object.entries(resources).map(([apiGroup, names]) => ({
    apiGroups: [apiGroup],
    resources: names,
    verbs: ['list', 'watch'],
  }))
  const roles = client.resource(ClusterRole)
  await Promise.all([
    roles
      .create({ apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules })
      .catch((error: unknown) => {
        if (!isStatus(error, 'AlreadyExists')) throw error
        return roles.patch('', name, mergePatch, { rules })
      }),
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
