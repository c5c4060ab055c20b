import type { ApiServer } from '../../apiserver/api-server.ts'
import { serviceAccountGroups, serviceAccountUser } from '../../apiserver/authentication/users.ts'
import type { UserInfo } from '../../apiserver/request.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'

const authenticated = 'system:authenticated'

/** A component of the control plane, as its certificate would name it. */
export const componentUser = (name: string): UserInfo => ({ name, groups: [authenticated] })

/** The administrator. */
export const adminUser: UserInfo = { name: 'kubernetes-admin', groups: ['system:masters', authenticated] }

/** Service accounts that are not simply called `<controller>-controller`; upstream's names. */
const accountNames: Readonly<Record<string, string>> = {
  'bootstrap-signer': 'bootstrap-signer',
  'certificatesigningrequest-approving': 'certificate-controller',
  'certificatesigningrequest-cleaner': 'certificate-controller',
  'certificatesigningrequest-signing': 'certificate-controller',
  daemonset: 'daemon-set-controller',
  'garbage-collector': 'generic-garbage-collector',
  'kube-apiserver-serving-clustertrustbundle-publisher':
    'kube-apiserver-serving-clustertrustbundle-publisher',
  'legacy-serviceaccount-token-cleaner': 'legacy-service-account-token-cleaner',
  'node-ipam': 'node-controller',
  'node-lifecycle': 'node-controller',
  'taint-eviction': 'node-controller',
  'podcertificaterequest-cleaner': 'podcertificaterequestcleaner',
  'persistentvolume-protection': 'pv-protection-controller',
  'persistentvolumeclaim-protection': 'pvc-protection-controller',
  'pod-garbage-collector': 'pod-garbage-collector',
  replicationcontroller: 'replication-controller',
  resourceclaim: 'resource-claim-controller',
  'root-ca-certificate-publisher': 'root-ca-cert-publisher',
  'service-cidr': 'service-cidrs-controller',
  serviceaccount: 'service-account-controller',
  'storageversion-garbage-collector': 'storage-version-garbage-collector',
  'token-cleaner': 'token-cleaner',
}

/** The controller manager itself. */
export const managerUser = componentUser('system:kube-controller-manager')

/** Controllers that work as the manager: what gives service accounts their tokens has none of its own. */
export const worksAsManager = (controller: string): boolean => controller === 'serviceaccount-token'

/** A controller's own service account, which upstream's bootstrap roles are bound to. */
export const controllerUser = (controller: string): UserInfo =>
  worksAsManager(controller)
    ? managerUser
    : {
        name: serviceAccountUser('kube-system', accountNames[controller] ?? `${controller}-controller`),
        groups: [...serviceAccountGroups('kube-system'), authenticated],
      }

export const nodeUser = (node: string): UserInfo => ({
  name: `system:node:${node}`,
  groups: ['system:nodes', authenticated],
})

/** A client in the same process, as `user`; `agent` is its field manager and user agent. */
export function clientFor(server: ApiServer, user: UserInfo, agent: string): Client {
  return createClient(server.transportFor(user, agent), { fieldManager: agent })
}
