import { ConfigMap } from '../../api/core/config-map/kind.ts'
import type { rbac } from '../../api/generated/types/index.ts'
import { ClusterRole } from '../../api/rbac/cluster-role/kind.ts'
import { ClusterRoleBinding } from '../../api/rbac/cluster-role-binding/kind.ts'
import { Role } from '../../api/rbac/role/kind.ts'
import { RoleBinding } from '../../api/rbac/role-binding/kind.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import { kubeletServingApprovingController } from '../../controllers/kubeletservingapproving/kubelet-serving-approving-controller.ts'
import { permissionsOf } from '../../reconcile/permissions-of.ts'
import type { NetworkOptions } from '../options.ts'
import { componentSubjects } from '../pki/ensure-pki.ts'
import { nodeTokenGroup } from './bootstrap-tokens.ts'

const apiGroup = 'rbac.authorization.k8s.io'
const system = 'kube-system'
const approver = 'timonel:kubelet-serving-approver'

/** What a node has to know of the cluster's network, in `kube-system`. */
export const networkConfigMap = 'timonel-network'
export const networkKey = 'network.json'
/** In `kube-public`: where the API server is, and by which authority; the bootstrap signer signs it. */
export const clusterInfo = { namespace: 'kube-public', name: 'cluster-info', key: 'kubeconfig' }

const group = (name: string): rbac.v1.Subject => ({ kind: 'Group', name, apiGroup })
const nodes = group('system:nodes')
const joining = group(nodeTokenGroup)

const reading = (name: string): rbac.v1.PolicyRule => ({
  verbs: ['get'],
  apiGroups: [''],
  resources: ['configmaps'],
  resourceNames: [name],
})

/** Who has which role. */
const bindings: readonly (readonly [name: string, role: string, subject: rbac.v1.Subject])[] = [
  ['kubeadm:get-nodes', 'kubeadm:get-nodes', joining],
  ['kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', joining],
  [
    'kubeadm:node-autoapprove-bootstrap',
    'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    joining,
  ],
  [
    'kubeadm:node-autoapprove-certificate-rotation',
    'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    nodes,
  ],
  // On a machine of its own a node's proxy, policies and DNS have the node's credentials.
  ['timonel:node-proxy', 'system:node-proxier', nodes],
  ['timonel:node-policy', componentSubjects['network-policy'].commonName, nodes],
  ['timonel:node-dns', 'timonel:node-dns', nodes],
  [
    approver,
    approver,
    { kind: 'ServiceAccount', name: 'kubelet-serving-approving-controller', namespace: system },
  ],
]

const kubeletServing = 'kubernetes.io/kubelet-serving'

/** Roles of our own, and kubeadm's. */
const roles: readonly (readonly [name: string, rules: readonly rbac.v1.PolicyRule[]])[] = [
  ['kubeadm:get-nodes', [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }]],
  ['timonel:node-dns', [{ apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] }]],
  [
    approver,
    permissionsOf(kubeletServingApprovingController).map(({ group, resources, verbs }) => ({
      ...{ apiGroups: [group], resources, verbs },
      ...(resources.includes('signers') ? { resourceNames: [kubeletServing] } : {}),
    })),
  ],
]

export interface JoinInformation {
  readonly client: Client
  /** A kubeconfig without users, of the API server as other machines reach it. */
  readonly kubeconfig: string
  readonly network: NetworkOptions
}

async function ensure<T extends KubernetesObject>(
  client: Client,
  kind: KindDeclaration<T>,
  object: NoInfer<T>,
): Promise<void> {
  await client
    .resource(kind)
    .create(object)
    .catch((error: unknown) => {
      // An administrator may have made it stricter.
      if (!isStatus(error, 'AlreadyExists')) throw error
    })
}

/** A ConfigMap says what counts now; entries of others, like the signatures, stay. */
async function publish(
  client: Client,
  [namespace, name]: readonly [string, string],
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data }
  await client.resource(ConfigMap).apply(map, { fieldManager: 'timonel-join', force: true })
}

/** Lets those join who have a token of `nodeTokenGroup`; what is there already is left as it is. */
export async function allowJoining({ client, kubeconfig, network }: JoinInformation): Promise<void> {
  const readable = (
    namespace: string,
    role: string,
    map: string,
    subjects: rbac.v1.Subject[],
  ): readonly Promise<void>[] => [
    ensure(client, Role, { metadata: { name: role, namespace }, rules: [reading(map)] }),
    ensure(client, RoleBinding, {
      metadata: { name: role, namespace },
      roleRef: { apiGroup, kind: 'Role', name: role },
      subjects,
    }),
  ]
  const anonymous = { kind: 'User', name: 'system:anonymous', apiGroup }
  await Promise.all([
    ...bindings.map(([name, role, subject]) =>
      ensure(client, ClusterRoleBinding, {
        metadata: { name },
        roleRef: { apiGroup, kind: 'ClusterRole', name: role },
        subjects: [subject],
      }),
    ),
    ...roles.map(([name, rules]) => ensure(client, ClusterRole, { metadata: { name }, rules: [...rules] })),
    ...readable(clusterInfo.namespace, 'kubeadm:bootstrap-signer-clusterinfo', clusterInfo.name, [anonymous]),
    ...readable(system, networkConfigMap, networkConfigMap, [joining, nodes]),
    publish(client, [clusterInfo.namespace, clusterInfo.name], { [clusterInfo.key]: kubeconfig }),
    publish(client, [system, networkConfigMap], { [networkKey]: JSON.stringify(network) }),
  ])
}
