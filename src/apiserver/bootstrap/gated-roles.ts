import type { rbac } from '../../api/generated/types/index.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'

type ClusterRole = rbac.v1.ClusterRole
type ClusterRoleBinding = rbac.v1.ClusterRoleBinding
type Rule = rbac.v1.PolicyRule

/** What a controller may do where a feature is on. */
interface GatedRules {
  readonly gates: readonly string[]
  /** The service account, after which the role is named. */
  readonly account: string
  /** Absent: `system:controller:` and the account. */
  readonly role?: string
  readonly rules: readonly Rule[]
}

const rule = (group: string, resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups: [group],
  resources: [...resources],
  verbs: [...verbs],
})

const reading = ['get', 'list', 'watch']
const scheduling = 'scheduling.k8s.io'
const devices = 'resource.k8s.io'
const internal = 'internal.apiserver.k8s.io'
const certificates = 'certificates.k8s.io'

const eventsRule: Rule = {
  apiGroups: ['', 'events.k8s.io'],
  resources: ['events'],
  verbs: ['create', 'patch', 'update'],
}

/** Upstream's, of features that are off by default; the roles of those that are on are among the generated ones. */
const gatedRules: readonly GatedRules[] = [
  {
    gates: ['DRADeviceTaintRules'],
    account: 'device-taint-eviction-controller',
    rules: [
      rule(devices, ['devicetaintrules/status'], ['patch', 'update']),
      rule(devices, ['devicetaintrules'], reading),
    ],
  },
  {
    gates: ['DRADeviceTaintRules'],
    account: 'kube-scheduler',
    role: 'system:kube-scheduler',
    rules: [rule(devices, ['devicetaintrules'], reading)],
  },
  {
    gates: ['GenericWorkload'],
    account: 'kube-scheduler',
    role: 'system:kube-scheduler',
    rules: [
      rule(scheduling, ['podgroups'], reading),
      rule(scheduling, ['podgroups/status'], ['patch', 'update']),
    ],
  },
  {
    gates: ['DRAResourcePoolStatus'],
    account: 'resourcepoolstatusrequest-controller',
    rules: [
      rule(devices, ['resourcepoolstatusrequests'], ['delete', ...reading]),
      rule(devices, ['resourcepoolstatusrequests/status'], ['patch', 'update']),
      rule(devices, ['resourceslices'], reading),
      rule(devices, ['resourceclaims'], reading),
      eventsRule,
    ],
  },
  {
    gates: ['WorkloadWithJob'],
    account: 'job-controller',
    rules: [rule(scheduling, ['podgroups', 'workloads'], ['create', ...reading])],
  },
  {
    gates: ['PodCertificateRequest'],
    account: 'podcertificaterequestcleaner',
    rules: [rule(certificates, ['podcertificaterequests'], ['delete', ...reading])],
  },
  {
    gates: ['GenericWorkload'],
    account: 'podgroup-protection-controller',
    rules: [rule(scheduling, ['podgroups'], [...reading, 'update']), rule('', ['pods'], reading)],
  },
  {
    gates: ['ClusterTrustBundle'],
    account: 'kube-apiserver-serving-clustertrustbundle-publisher',
    rules: [
      {
        ...rule(certificates, ['signers'], ['attest']),
        resourceNames: ['kubernetes.io/kube-apiserver-serving'],
      },
      rule(certificates, ['clustertrustbundles'], ['create', 'delete', 'list', 'update', 'watch']),
      eventsRule,
    ],
  },
  {
    gates: ['StorageVersionAPI', 'APIServerIdentity'],
    account: 'storage-version-garbage-collector',
    rules: [
      rule('coordination.k8s.io', ['leases'], reading),
      rule(internal, ['storageversions'], ['delete', 'get', 'list', 'patch', 'update', 'watch']),
      rule(internal, ['storageversions/status'], ['get', 'patch', 'update']),
    ],
  },
  {
    gates: ['StorageVersionMigrator'],
    account: 'storage-version-migrator-controller',
    rules: [
      // To apply to what is gone is to create it, which the uid forbids: that has to be found out.
      rule('*', ['*'], ['create', 'list', 'patch']),
      rule('apiextensions.k8s.io', ['customresourcedefinitions'], ['get']),
      rule('apiextensions.k8s.io', ['customresourcedefinitions/status'], ['patch']),
      rule('storagemigration.k8s.io', ['storageversionmigrations/status'], ['update']),
    ],
  },
]

const bundles = 'clustertrustbundles'
const bundleReader = 'system:cluster-trust-bundle-discovery'

/** What nodes may besides where features are on: of the role `system:node`, and for the node authorizer. */
export const gatedNodeRules = (features: Features): readonly Rule[] =>
  features.enabled('ClusterTrustBundle') ? [rule(certificates, [bundles], reading)] : []

const roleName = ({ account, role }: Pick<GatedRules, 'account' | 'role'>): string =>
  role ?? `system:controller:${account}`

const metadataUnder = (name: string) => ({
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  name,
})

const metadataOf = (rules: GatedRules) => metadataUnder(roleName(rules))

const rolesApi = 'rbac.authorization.k8s.io'

const roleOf = (rules: GatedRules): ClusterRole => ({
  apiVersion: `${rolesApi}/v1`,
  kind: 'ClusterRole',
  metadata: metadataOf(rules),
  rules: [...rules.rules],
})

const bindingOf = (rules: GatedRules): ClusterRoleBinding => ({
  apiVersion: `${rolesApi}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: metadataOf(rules),
  roleRef: { apiGroup: rolesApi, kind: 'ClusterRole', name: roleName(rules) },
  subjects: [{ kind: 'ServiceAccount', name: rules.account, namespace: 'kube-system' }],
})

/** Who runs in pods may read ClusterTrustBundles. */
const bundleRole: ClusterRole = {
  apiVersion: `${rolesApi}/v1`,
  kind: 'ClusterRole',
  metadata: metadataUnder(bundleReader),
  rules: [rule(certificates, [bundles], reading)],
}

const bundleBinding: ClusterRoleBinding = {
  apiVersion: `${rolesApi}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: metadataUnder(bundleReader),
  roleRef: { apiGroup: rolesApi, kind: 'ClusterRole', name: bundleReader },
  subjects: [{ kind: 'Group', apiGroup: rolesApi, name: 'system:serviceaccounts' }],
}

const isOn = (features: Features, { gates }: GatedRules): boolean =>
  gates.every((gate) => features.enabled(gate))

/** What nodes may only where providers of credentials are asked in the name of pods' service accounts. */
const ofProviders = ({ resources, verbs }: Rule): boolean =>
  resources?.join() === 'serviceaccounts' && verbs.join() === 'get'

/** The rules of nodes, without what features that are off would need. */
const nodeRules = (rules: readonly Rule[], features: Features): readonly Rule[] => [
  ...rules.filter(
    (each) => features.enabled('KubeletServiceAccountTokenForCredentialProviders') || !ofProviders(each),
  ),
  ...gatedNodeRules(features),
]

/** The roles with what the features that are on add to them. */
export function withGatedRoles(roles: readonly ClusterRole[], features: Features): readonly ClusterRole[] {
  const added = gatedRules.filter((each) => isOn(features, each))
  const known = new Set(roles.map(({ metadata }) => metadata?.name))
  return [
    ...roles.map((role) => {
      const rules = role.rules ?? []
      if (role.metadata?.name === 'system:node') return { ...role, rules: [...nodeRules(rules, features)] }
      const more = added.filter((each) => roleName(each) === role.metadata?.name)
      return more.length === 0 ? role : { ...role, rules: [...rules, ...more.flatMap((each) => each.rules)] }
    }),
    ...added.filter((each) => !known.has(roleName(each))).map(roleOf),
    ...(features.enabled('ClusterTrustBundle') ? [bundleRole] : []),
  ]
}

/** The bindings with those of the roles that are added. */
export function withGatedBindings(
  bindings: readonly ClusterRoleBinding[],
  features: Features,
): readonly ClusterRoleBinding[] {
  const known = new Set(bindings.map(({ metadata }) => metadata?.name))
  const added = gatedRules.filter((each) => isOn(features, each) && !known.has(roleName(each)))
  const discovery = features.enabled('ClusterTrustBundle') ? [bundleBinding] : []
  return [...bindings, ...added.map(bindingOf), ...discovery]
}
