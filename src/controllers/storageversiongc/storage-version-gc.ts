import { StorageVersion } from '../../api/apiserverinternal/storage-version/kind.ts'
import { Lease } from '../../api/coordination/lease/kind.ts'
import type { apiserverinternal, coordination } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import {
  type AnyController,
  defineController,
  done,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { remainingStatus } from './remaining-status.ts'

type ServerVersion = apiserverinternal.v1alpha1.ServerStorageVersion

const namespace = 'kube-system'
const identityLabel = 'apiserver.kubernetes.io/identity'

const isIdentity = ({ metadata }: coordination.v1.Lease): boolean =>
  metadata?.labels?.[identityLabel] === 'kube-apiserver'

async function isAlive(
  { apiServerID = '' }: ServerVersion,
  { api, cache }: ReconcileContext,
): Promise<boolean> {
  const seen = cache.of(Lease).get(namespace, apiServerID)
  if (seen !== undefined && isIdentity(seen)) return true
  try {
    return isIdentity(await api.resource(Lease).get(namespace, apiServerID))
  } catch (error) {
    if (isStatus(error, 'NotFound')) return false
    throw error
  }
}

/** Takes API servers that are gone out of StorageVersions, and deletes those that name none any more. */
export const storageVersionGc: AnyController = defineController({
  name: 'storageversion-garbage-collector',
  reconciles: StorageVersion,
  when: (version) => version !== undefined,
  watches: [
    watching({
      kind: Lease,
      selection: { namespace, labelSelector: `${identityLabel}=kube-apiserver` },
      when: (lease) => lease === undefined,
      keys: ({ metadata }, { cache }) =>
        cache
          .of(StorageVersion)
          .list()
          .filter(({ status }) =>
            (status?.storageVersions ?? []).some(({ apiServerID }) => apiServerID === metadata?.name),
          )
          .map((version) => version.metadata?.name ?? ''),
    }),
  ],
  permissions: [
    { group: 'coordination.k8s.io', resources: ['leases'], verbs: ['get'] },
    { group: 'internal.apiserver.k8s.io', resources: ['storageversions'], verbs: ['delete'] },
    { group: 'internal.apiserver.k8s.io', resources: ['storageversions/status'], verbs: ['update'] },
  ],
  workers: 1,
  reconcile: async (name, context) => {
    const { api, cache, host } = context
    const version = cache.of(StorageVersion).get('', name)
    if (version === undefined) return done
    const servers = version.status?.storageVersions ?? []
    const alive: ServerVersion[] = []
    for (const server of servers) if (await isAlive(server, context)) alive.push(server)
    if (alive.length === servers.length) return done
    const versions = api.resource(StorageVersion)
    if (alive.length === 0) await versions.delete('', name)
    else await versions.updateStatus({ ...version, status: remainingStatus(version, alive, host.now()) })
    return done
  },
})
