import { attempts, type Row } from './support/attempts.ts'
import type { Ground } from './support/ground.ts'
import type { Attempt } from './support/send.ts'

const secrets = '/api/v1/namespaces/kube-system/secrets'
const masters = 'system:masters'

/** Reads pods of `team` by a Service that it may go through. */
const guest = 'guest'

async function prepare({ api }: Ground): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  await api.create('/api/v1/namespaces', { metadata: { name: 'team' } })
  await api.create(`${rbac}/namespaces/team/roles`, {
    metadata: { name: 'guest' },
    rules: [
      { apiGroups: [''], resources: ['pods', 'configmaps'], verbs: ['get'] },
      { apiGroups: [''], resources: ['services/proxy'], verbs: ['get'] },
    ],
  })
  await api.create(`${rbac}/namespaces/team/rolebindings`, {
    metadata: { name: 'guest' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'guest' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: guest }],
  })
}

/** Headers that say somebody else, to a server that has no reason to believe them. */
const claims: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> = {
  'X-Remote-User': { 'x-remote-user': 'admin' },
  'X-Remote-User and X-Remote-Group': { 'x-remote-user': 'admin', 'x-remote-group': masters },
  'two X-Remote-User': { 'x-remote-user': ['guest', 'admin'], 'x-remote-group': masters },
  'X-Remote-Uid': { 'x-remote-user': 'admin', 'x-remote-uid': '0', 'x-remote-group': masters },
  'X-Remote-Extra': { 'x-remote-user': 'admin', 'x-remote-extra-scopes': 'all' },
  'capital X-REMOTE-USER': { 'X-REMOTE-USER': 'admin', 'X-REMOTE-GROUP': masters },
  'underscored X_Remote_User': { x_remote_user: 'admin', x_remote_group: masters },
  'X-Forwarded-User': { 'x-forwarded-user': 'admin', 'x-forwarded-groups': masters },
  'X-Forwarded-For': { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
  'X-Forwarded-Uri': {
    'x-forwarded-uri': '/healthz',
    'x-original-url': '/healthz',
    'x-rewrite-url': '/healthz',
  },
  'X-HTTP-Method-Override': { 'x-http-method-override': 'GET', 'x-method-override': 'GET' },
  Forwarded: { forwarded: 'for=127.0.0.1;host=localhost;proto=https' },
  'X-Client-Cert': { 'x-client-cert': 'CN=admin', 'x-ssl-client-s-dn': 'O=system:masters,CN=admin' },
}

const believed: readonly Row[] = Object.entries(claims).flatMap(([what, headers]) => [
  {
    what: `${what} from nobody`,
    attempt: { path: secrets, headers },
    code: 403,
    says: 'system:anonymous',
  },
  {
    what: `${what} beside a certificate`,
    attempt: (ground: Ground): Attempt => ({
      path: secrets,
      headers,
      certificate: ground.certificate(guest),
    }),
    code: 403,
    says: `User \\"${guest}\\"`,
  },
  {
    what: `${what} beside a token`,
    attempt: async (ground: Ground): Promise<Attempt> => ({
      ...{ path: secrets, headers },
      token: await ground.token('team', 'default'),
    }),
    code: 403,
    says: 'system:serviceaccount:team:default',
  },
])

/** Whom a front proxy may speak for is still only who he is. */
const proxied: readonly Row[] = [
  {
    what: 'a front proxy for a guest who impersonates',
    attempt: (ground) => ({
      path: secrets,
      certificate: ground.certificate('front-proxy-client', [], { authority: 'front-proxy-ca' }),
      headers: { 'x-remote-user': guest, 'impersonate-user': 'admin', 'impersonate-group': masters },
    }),
    code: 403,
    says: 'cannot impersonate',
  },
  {
    what: 'a front proxy for a guest, with groups of other headers',
    attempt: (ground) => ({
      path: secrets,
      certificate: ground.certificate('front-proxy-client', [masters], { authority: 'front-proxy-ca' }),
      headers: { 'x-remote-user': guest, 'x-remote-groups': masters, groups: masters },
    }),
    code: 403,
    says: `User \\"${guest}\\"`,
  },
]

/** Paths are taken as they come: what is allowed is what is served. Everybody may read below /apis and /openapi, where these lead to nothing. */
const paths: readonly (readonly [path: string, code: number])[] = [
  ['/api/v1/namespaces/team/../kube-system/secrets', 403],
  ['/api/v1/namespaces/team/pods/../../kube-system/secrets', 403],
  ['/api/v1/namespaces/team/services/web/proxy/../../../kube-system/secrets', 404],
  ['/healthz/../api/v1/secrets', 403],
  ['/livez/./../api/v1/secrets', 403],
  ['/metrics/../api/v1/secrets', 403],
  ['/openapi/v2/../../api/v1/secrets', 404],
  ['//api/v1/secrets', 403],
  ['/api//v1/secrets', 403],
  ['/api/v1//secrets', 403],
  ['/apis//v1/secrets', 403],
  ['/apis/v1/secrets', 404],
  ['/api/v1/namespaces/team/%2e%2e/kube-system/secrets', 403],
  ['/api/v1/namespaces/team/pods/%2e%2e%2f%2e%2e%2fkube-system%2fsecrets', 403],
  ['/api/v1/namespaces/team%2f..%2fkube-system/secrets', 403],
  ['/api/v1/namespaces/team/pods/..%2f..%2fsecrets', 403],
  ['/healthz/%2e%2e/api/v1/secrets', 403],
  ['/API/v1/secrets', 403],
  ['/api/V1/secrets', 403],
  ['/api/v1/Secrets', 403],
  ['/api/v1/secrets;a=b', 403],
  ['/api/v1/secrets%00', 403],
  ['/api/v1/secrets%20', 403],
  ['/api/v1/secrets/', 403],
  ['/api/v1/secrets?namespace=team', 403],
  ['/api/v1/namespaces/kube-system/secrets?watch=false&limit=1', 403],
  ['/api/v1/proxy/namespaces/team/services/x', 403],
]

const walked: readonly Row[] = paths.map(([path, code]) => ({
  what: `a guest at ${path}`,
  attempt: (ground) => ({ path, certificate: ground.certificate(guest) }),
  code,
}))

const methods: readonly Row[] = ['TRACE', 'OPTIONS', 'PROPFIND', 'MOVE'].map((method) => ({
  what: `${method} of secrets`,
  attempt: (ground) => ({ path: secrets, method, certificate: ground.certificate(guest) }),
  code: 403,
}))

attempts('names, paths and methods that are smuggled in', prepare, [
  ...believed,
  ...proxied,
  ...walked,
  ...methods,
])
