import { attempts, type Row } from './support/attempts.ts'
import { certificateRequest } from './support/certificate-request.ts'
import type { Ground } from './support/ground.ts'
import type { Attempt } from './support/send.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const team = '/api/v1/namespaces/team'

/** May do everything with roles and bindings, and read pods; holds nothing else that could be given away. */
const roleWriter = 'role-writer'
/** As the documents recommend for a namespace: `admin` of `team`. */
const owner = 'owner'
/** Reads pods of `team`, nothing else. */
const reader = 'reader'

async function prepare({ api }: Ground): Promise<void> {
  await api.create('/api/v1/namespaces', { metadata: { name: 'team' } })
  for (const name of ['web', 'other']) await api.create(`${team}/serviceaccounts`, { metadata: { name } })
  const spec = { containers: [{ name: 'c', image: 'c' }] }
  await api.create(`${team}/pods`, { metadata: { name: 'web' }, spec })
  await api.create(`${team}/secrets`, { metadata: { name: 'known' }, data: {} })
  await api.create(`${team}/secrets`, { metadata: { name: 'hidden' }, data: {} })
  const role = (name: string, rules: readonly object[]): Promise<unknown> =>
    api.create(`${rbac}/clusterroles`, { metadata: { name }, rules })
  const bind = (user: string, name: string, namespace?: string): Promise<unknown> =>
    api.create(
      namespace === undefined
        ? `${rbac}/clusterrolebindings`
        : `${rbac}/namespaces/${namespace}/rolebindings`,
      {
        metadata: { name: `${user}-${name}` },
        roleRef: { apiGroup, kind: 'ClusterRole', name },
        subjects: [{ kind: 'User', apiGroup, name: user }],
      },
    )
  const writing = ['create', 'update', 'patch', 'delete', 'get', 'list']
  await role('writes-roles', [
    { apiGroups: [apiGroup], resources: ['*'], verbs: writing },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: ['certificates.k8s.io'], resources: ['*'], verbs: [...writing, 'approve', 'sign'] },
  ])
  await role('reads-pods', [
    { apiGroups: [''], resources: ['pods', 'services', 'serviceaccounts', 'nodes'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['known'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['delete'] },
    { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'update', 'patch'] },
    { nonResourceURLs: ['/metrics'], verbs: ['get'] },
  ])
  await bind(roleWriter, 'writes-roles')
  await bind(owner, 'admin', 'team')
  await bind(reader, 'reads-pods', 'team')
}

/** By a certificate of that user. */
const as = (
  user: string,
  what: string,
  attempt: Attempt,
  code = 403,
  says: string | RegExp = 'forbidden',
): Row => ({
  what: `${user}: ${what}`,
  attempt: (ground) => ({ certificate: ground.certificate(user), ...attempt }),
  code,
  says,
})

const notHeld = 'is attempting to grant RBAC permissions not currently held'
const role = (rules: readonly object[], more: object = {}): object => ({
  metadata: { name: 'mine', ...more },
  rules,
})
const binding = (name: string, subject: object = { kind: 'User', apiGroup, name: roleWriter }): object => ({
  metadata: { name: 'mine' },
  roleRef: { apiGroup, kind: 'ClusterRole', name },
  subjects: [subject],
})

const rules: Readonly<Record<string, readonly object[]>> = {
  everything: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  secrets: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
  'one secret': [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['known'], verbs: ['get'] }],
  'every verb for pods': [{ apiGroups: [''], resources: ['pods'], verbs: ['*'] }],
  'subresources of pods': [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] }],
  'pods of every group': [{ apiGroups: ['*'], resources: ['pods'], verbs: ['get'] }],
  'every path': [{ nonResourceURLs: ['*'], verbs: ['get'] }],
  'one path': [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
  escalate: [{ apiGroups: [apiGroup], resources: ['clusterroles'], verbs: ['escalate'] }],
  bind: [{ apiGroups: [apiGroup], resources: ['clusterroles'], verbs: ['bind'] }],
  impersonate: [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] }],
}

const roles: readonly Row[] = [
  ...Object.entries(rules).flatMap(([what, granted]) => [
    as(
      roleWriter,
      `a cluster role with ${what}`,
      { path: `${rbac}/clusterroles`, body: role(granted) },
      403,
      notHeld,
    ),
    as(
      roleWriter,
      `a role with ${what} applied`,
      {
        ...{ path: `${rbac}/clusterroles/mine?fieldManager=x`, method: 'PATCH' },
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: `${apiGroup}/v1`, kind: 'ClusterRole', ...role(granted) },
      },
      403,
      notHeld,
    ),
  ]),
  as(
    roleWriter,
    'more rules for a role of its own',
    {
      path: `${rbac}/clusterroles/writes-roles`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: { rules: rules.everything },
    },
    403,
    notHeld,
  ),
  as(
    roleWriter,
    'one rule more by a JSON patch',
    {
      path: `${rbac}/clusterroles/writes-roles`,
      method: 'PATCH',
      contentType: 'application/json-patch+json',
      body: [
        { op: 'add', path: '/rules/-', value: { apiGroups: [''], resources: ['secrets'], verbs: ['get'] } },
      ],
    },
    403,
    notHeld,
  ),
  as(
    roleWriter,
    'rules that come with a label',
    {
      path: `${rbac}/clusterroles`,
      body: role(rules.secrets ?? [], { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }),
    },
    403,
    notHeld,
  ),
  as(
    roleWriter,
    'a role that gathers others',
    {
      path: `${rbac}/clusterroles`,
      body: {
        ...role([]),
        aggregationRule: {
          clusterRoleSelectors: [{ matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' } }],
        },
      },
    },
    403,
    'must have cluster-admin privileges to use the aggregationRule',
  ),
  ...['cluster-admin', 'admin', 'edit', 'view', 'system:node', 'system:kube-controller-manager'].flatMap(
    (name) => [
      as(
        roleWriter,
        `bound to ${name}`,
        { path: `${rbac}/clusterrolebindings`, body: binding(name) },
        403,
        notHeld,
      ),
      as(
        roleWriter,
        `bound to ${name} in a namespace`,
        {
          path: `${rbac}/namespaces/team/rolebindings`,
          body: binding(name),
        },
        403,
        notHeld,
      ),
    ],
  ),
  as(
    roleWriter,
    'everybody bound to cluster-admin',
    {
      path: `${rbac}/clusterrolebindings`,
      body: binding('cluster-admin', { kind: 'Group', apiGroup, name: 'system:authenticated' }),
    },
    403,
    notHeld,
  ),
  as(
    roleWriter,
    'itself added to the administrators',
    {
      path: `${rbac}/clusterrolebindings/cluster-admin`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: { subjects: [{ kind: 'User', apiGroup, name: roleWriter }] },
    },
    403,
    notHeld,
  ),
  as(
    roleWriter,
    'a binding to another role in place of its own',
    {
      path: `${rbac}/clusterrolebindings/${roleWriter}-writes-roles`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: { roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' } },
    },
    403,
    notHeld,
  ),
  as(
    roleWriter,
    'bound to a role that is not there',
    { path: `${rbac}/clusterrolebindings`, body: binding('nothing') },
    404,
    'not found',
  ),
  as(owner, 'bound to cluster-admin', {
    path: `${rbac}/clusterrolebindings`,
    body: binding('cluster-admin'),
  }),
  as(
    owner,
    'bound to cluster-admin in its namespace',
    {
      path: `${rbac}/namespaces/team/rolebindings`,
      body: binding('cluster-admin'),
    },
    403,
    notHeld,
  ),
  as(
    owner,
    'a role with impersonation in its namespace',
    {
      path: `${rbac}/namespaces/team/roles`,
      body: role(rules.impersonate ?? []),
    },
    403,
    notHeld,
  ),
  as(owner, 'a role in another namespace', { path: `${rbac}/namespaces/kube-system/roles`, body: role([]) }),
]

const impersonated: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'the administrator': { 'impersonate-user': 'kubernetes-admin' },
  'the masters': { 'impersonate-user': 'x', 'impersonate-group': 'system:masters' },
  'a service account': { 'impersonate-user': 'system:serviceaccount:kube-system:default' },
  'a node': { 'impersonate-user': 'system:node:node-1', 'impersonate-group': 'system:nodes' },
  itself: { 'impersonate-user': reader },
  'itself with a uid': { 'impersonate-user': reader, 'impersonate-uid': 'x' },
  'itself with more': { 'impersonate-user': reader, 'impersonate-extra-scopes': 'all' },
  nobody: { 'impersonate-user': 'system:anonymous' },
}

const impersonation: readonly Row[] = [
  ...Object.entries(impersonated).map(([what, headers]) =>
    as(reader, `impersonates ${what}`, { path: `${team}/pods`, headers }, 403, 'cannot impersonate'),
  ),
  as(
    reader,
    'impersonates a group without a user',
    { path: `${team}/pods`, headers: { 'impersonate-group': 'system:masters' } },
    400,
    'without impersonating a user name',
  ),
  as(
    reader,
    'impersonates a uid without a user',
    { path: `${team}/pods`, headers: { 'impersonate-uid': 'x' } },
    400,
    'without impersonating a user name',
  ),
]

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const signing = (spec: object): object => ({ metadata: { generateName: 'csr-' }, spec })

const certificates: readonly Row[] = [
  as(reader, 'asks for a certificate', {
    path: requests,
    body: signing({
      request: certificateRequest(reader, []),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
    }),
  }),
  as(
    roleWriter,
    'asks for a request that is none',
    {
      path: requests,
      body: signing({
        request: 'AAAA',
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      }),
    },
    422,
    'invalid',
  ),
  as(owner, 'approves requests', { path: `${requests}/x/approval`, method: 'PUT', body: {} }),
  as(reader, 'signs requests', { path: `${requests}/x/status`, method: 'PUT', body: {} }),
]

/** Verbs that others than the one held lead to. */
const sideways: readonly (readonly [what: string, attempt: Attempt])[] = [
  ['runs a program in a pod', { path: `${team}/pods/web/exec?command=sh`, method: 'POST' }],
  ['runs a program in a pod, by GET', { path: `${team}/pods/web/exec?command=sh` }],
  ['attaches to a pod', { path: `${team}/pods/web/attach` }],
  ['forwards a port of a pod', { path: `${team}/pods/web/portforward`, method: 'POST' }],
  ['reads a pod’s log', { path: `${team}/pods/web/log` }],
  ['goes through a pod', { path: `${team}/pods/web/proxy/` }],
  ['goes through a pod, deeper', { path: `${team}/pods/http:web:80/proxy/../../x` }],
  ['goes through a service', { path: `${team}/services/web/proxy/` }],
  ['goes through a node', { path: '/api/v1/nodes/node-1/proxy/pods' }],
  [
    'adds a container for debugging',
    {
      path: `${team}/pods/web/ephemeralcontainers`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: {},
    },
  ],
  [
    'resizes a pod',
    {
      path: `${team}/pods/web/resize`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: {},
    },
  ],
  [
    'evicts a pod',
    {
      path: `${team}/pods/web/eviction`,
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } },
    },
  ],
  ['binds a pod', { path: `${team}/pods/web/binding`, body: { target: { name: 'node-1' } } }],
  ['writes a pod’s status', { path: `${team}/pods/web/status`, method: 'PUT', body: {} }],
  ['creates by updating', { path: `${team}/pods/new`, method: 'PUT', body: {} }],
  [
    'creates by applying',
    {
      path: `${team}/pods/new?fieldManager=x`,
      method: 'PATCH',
      contentType: 'application/apply-patch+yaml',
      body: {},
    },
  ],
  ['scales', { path: '/apis/apps/v1/namespaces/team/deployments/web/scale', method: 'PUT', body: {} }],
  ['makes tokens', { path: `${team}/serviceaccounts/other/token`, body: { spec: {} } }],
  ['watches what it may list', { path: `${team}/pods?watch=true` }],
  ['watches what it may list, the old way', { path: '/api/v1/watch/namespaces/team/pods' }],
  ['watches one, the old way', { path: '/api/v1/watch/namespaces/team/pods/web' }],
  ['watches by 1', { path: `${team}/pods?watch=1` }],
  ['deletes all where it may delete one', { path: `${team}/configmaps`, method: 'DELETE' }],
  ['reads another secret', { path: `${team}/secrets/hidden` }],
  ['lists secrets', { path: `${team}/secrets` }],
  ['lists another secret by a selector', { path: `${team}/secrets?fieldSelector=metadata.name%3Dhidden` }],
  ['lists all but one by a selector', { path: `${team}/secrets?fieldSelector=metadata.name!%3Dhidden` }],
  ['lists by labels', { path: `${team}/secrets?labelSelector=x` }],
  ['reads pods of another namespace', { path: '/api/v1/namespaces/kube-system/pods' }],
  ['reads pods everywhere', { path: '/api/v1/pods' }],
  ['reads nodes by a role of a namespace', { path: '/api/v1/nodes' }],
  ['reads paths by a role of a namespace', { path: '/metrics' }],
  ['finalizes a namespace', { path: '/api/v1/namespaces/team/finalize', method: 'PUT', body: {} }],
  ['deletes its namespace', { path: '/api/v1/namespaces/team', method: 'DELETE' }],
  [
    'asks whether others may',
    {
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: { spec: { user: 'x', resourceAttributes: { verb: 'get', resource: 'pods' } } },
    },
  ],
  [
    'asks whether others may, in a namespace',
    { path: '/apis/authorization.k8s.io/v1/namespaces/team/localsubjectaccessreviews', body: { spec: {} } },
  ],
  [
    'asks whose a token is',
    { path: '/apis/authentication.k8s.io/v1/tokenreviews', body: { spec: { token: 'x' } } },
  ],
  ['reads what the server does', { path: '/debug/pprof/' }],
  ['reads its log', { path: '/logs/' }],
]

attempts('rights that are not held: roles, bindings, impersonation, certificates, subresources', prepare, [
  ...roles,
  ...impersonation,
  ...certificates,
  ...sideways.map(([what, attempt]) => as(reader, what, attempt)),
])
