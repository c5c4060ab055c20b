import { attempts, type Row } from './support/attempts.ts'
import {
  partsOf,
  reassembled,
  signedBy,
  signedByHmac,
  strangersKey,
  type TokenParts,
} from './support/forge.ts'
import { type Ground, issuer } from './support/ground.ts'

const namespace = 'victim'
const secrets = `/api/v1/namespaces/${namespace}/secrets`
const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** Tokens that were good once, by what has become of what they were bound to. */
const made = new Map<string, string>()
const token = (name: string): string => made.get(name) ?? ''

async function prepare(ground: Ground): Promise<void> {
  const { api } = ground
  const path = `/api/v1/namespaces/${namespace}`
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } })
  for (const name of ['web', 'gone', 'again'])
    await api.create(`${path}/serviceaccounts`, { metadata: { name } })
  await api.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'everybody-of-victim' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [
      { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: `system:serviceaccounts:${namespace}` },
    ],
  })
  made.set('good', await ground.token(namespace, 'web'))
  made.set('for vault', await ground.token(namespace, 'web', { audiences: ['vault'] }))
  made.set('account gone', await ground.token(namespace, 'gone'))
  made.set('account again', await ground.token(namespace, 'again'))
  const spec = { containers: [{ name: 'c', image: 'c' }], serviceAccountName: 'web' }
  for (const name of ['pod', 'pod-again']) {
    await api.create(`${path}/pods`, { metadata: { name }, spec })
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name }
    made.set(name, await ground.token(namespace, 'web', { boundObjectRef }))
    await api.delete(`${path}/pods/${name}`, {}, { gracePeriodSeconds: 0 })
  }
  await api.create(`${path}/pods`, { metadata: { name: 'pod-again' }, spec })
  await api.create(`${path}/secrets`, { metadata: { name: 'bound' } })
  const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 'bound' }
  made.set('secret', await ground.token(namespace, 'web', { boundObjectRef }))
  await api.delete(`${path}/secrets/bound`)
  await api.delete(`${path}/serviceaccounts/gone`)
  await api.delete(`${path}/serviceaccounts/again`)
  await api.create(`${path}/serviceaccounts`, { metadata: { name: 'again' } })
}

const bearer = (what: string, make: (ground: Ground) => string): Row => ({
  what: `a token ${what}`,
  attempt: (ground) => ({ path: secrets, token: make(ground) }),
  code: 401,
  says: 'Unauthorized',
})

/** A good token with this changed, signed with the cluster's own key. */
const resigned =
  (change: (parts: TokenParts) => { header?: object; payload?: object }) =>
  (ground: Ground): string => {
    const parts = partsOf(token('good'))
    const { header = {}, payload = {} } = change(parts)
    return signedBy(ground.key('sa.key'), { ...parts.header, ...header }, { ...parts.payload, ...payload })
  }

const claim = (payload: object): ((ground: Ground) => string) => resigned(() => ({ payload }))
const ofKubernetes = (more: object): ((ground: Ground) => string) =>
  resigned(({ payload }) => {
    const own = payload['kubernetes.io']
    return { payload: { 'kubernetes.io': { ...(typeof own === 'object' ? own : {}), ...more } } }
  })

const forged: readonly Row[] = [
  bearer('of a deleted service account', () => token('account gone')),
  bearer('of a service account that was made again', () => token('account again')),
  bearer('of a deleted pod', () => token('pod')),
  bearer('of a pod that was made again', () => token('pod-again')),
  bearer('bound to a deleted secret', () => token('secret')),
  bearer('for another audience', () => token('for vault')),
  bearer('with a signature cut off', () => reassembled({ ...partsOf(token('good')), signature: '' })),
  bearer('with a signature cut short', () => token('good').slice(0, -8)),
  bearer('with another user in it', () => {
    const parts = partsOf(token('good'))
    return reassembled({
      ...parts,
      payload: { ...parts.payload, sub: 'system:serviceaccount:kube-system:admin' },
    })
  }),
  bearer('without an algorithm', () =>
    reassembled({ ...partsOf(token('good')), header: { alg: 'none' }, signature: '' }),
  ),
  ...['None', 'NONE', 'nOnE'].map((alg) =>
    bearer(`with the algorithm ${alg}`, () => reassembled({ ...partsOf(token('good')), header: { alg } })),
  ),
  bearer('signed with the public key as a secret', (ground) => {
    const { header, payload } = partsOf(token('good'))
    return signedByHmac(ground.key('sa.pub'), header, payload)
  }),
  bearer('signed with the authority as a secret', (ground) => {
    const { header, payload } = partsOf(token('good'))
    return signedByHmac(ground.key('ca.crt'), header, payload)
  }),
  bearer('signed by a stranger', () => {
    const { header, payload } = partsOf(token('good'))
    return signedBy(strangersKey(), header, payload)
  }),
  bearer('signed by a stranger, with another key id', () => {
    const { header, payload } = partsOf(token('good'))
    return signedBy(strangersKey(), { ...header, kid: 'mine' }, payload)
  }),
  bearer('signed by a stranger, with the key inside', () => {
    const { payload } = partsOf(token('good'))
    const key = strangersKey()
    const jwk = key.export({ format: 'jwk' })
    return signedBy(key, { alg: 'ES256', jwk: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y } }, payload)
  }),
  bearer('signed by the key of the cluster’s authority', (ground) => {
    const { header, payload } = partsOf(token('good'))
    return signedBy(ground.key('ca.key'), header, payload)
  }),
  bearer(
    'of another algorithm than its key',
    resigned(() => ({ header: { alg: 'RS256' } })),
  ),
  bearer(
    'of an unknown key id',
    resigned(() => ({ header: { kid: 'x' } })),
  ),
  bearer('that has expired', claim({ exp: nowSeconds() - 3600 })),
  bearer('that is not good yet', claim({ nbf: nowSeconds() + 3600 })),
  bearer('that is issued tomorrow', claim({ iat: nowSeconds() + 86_400 })),
  bearer('of another issuer', claim({ iss: 'https://issuer.example.com' })),
  bearer('of an issuer with a slash more', claim({ iss: `${issuer}/` })),
  bearer('without an audience', claim({ aud: [] })),
  bearer('with the issuer’s audience cut off', claim({ aud: [issuer.slice(0, -1)] })),
  bearer('without Kubernetes’ claims', claim({ 'kubernetes.io': undefined })),
  bearer('of another service account’s uid', ofKubernetes({ serviceaccount: { name: 'web', uid: 'x' } })),
  bearer('of another account', ofKubernetes({ serviceaccount: { name: 'default', uid: 'x' } })),
  bearer('of another namespace', ofKubernetes({ namespace: 'kube-system' })),
  bearer('of a pod that never was', ofKubernetes({ pod: { name: 'x', uid: 'x' } })),
  bearer('of a node that never was', ofKubernetes({ node: { name: 'x', uid: 'x' } })),
  bearer('of a secret that never was', ofKubernetes({ secret: { name: 'x', uid: 'x' } })),
  bearer('of the old kind, without a Secret', (ground) =>
    signedBy(
      ground.key('sa.key'),
      { alg: 'ES256' },
      {
        iss: 'kubernetes/serviceaccount',
        sub: `system:serviceaccount:${namespace}:web`,
        'kubernetes.io/serviceaccount/namespace': namespace,
        'kubernetes.io/serviceaccount/secret.name': 'web-token',
        'kubernetes.io/serviceaccount/service-account.name': 'web',
        'kubernetes.io/serviceaccount/service-account.uid': 'x',
      },
    ),
  ),
  ...[
    'x',
    'a.b.c',
    'a.b.c.d',
    '..',
    '{}',
    'abcdef.0123456789abcdef',
    'e30.e30.e30',
    '%00',
    'a'.repeat(16_000),
  ].map((text) => bearer(`that is ${text.slice(0, 24)}`, () => text)),
]

const certificates: readonly Row[] = [
  {
    what: 'a certificate that has expired',
    attempt: (ground) => ({
      path: secrets,
      certificate: ground.certificate('kubernetes-admin', ['system:masters'], {
        notAfterMs: Date.now() - 60_000,
      }),
    }),
    code: 401,
  },
  {
    what: 'a certificate of the front proxies’ authority',
    attempt: (ground) => ({
      path: secrets,
      certificate: ground.certificate('kubernetes-admin', ['system:masters'], {
        authority: 'front-proxy-ca',
      }),
    }),
    code: 401,
  },
  {
    what: 'a front proxy without anybody to speak for',
    attempt: (ground) => ({
      path: secrets,
      certificate: ground.certificate('front-proxy-client', ['system:masters'], {
        authority: 'front-proxy-ca',
      }),
    }),
    code: 401,
  },
  {
    what: 'a front proxy of another name, for the administrator',
    attempt: (ground) => ({
      path: secrets,
      certificate: ground.certificate('proxy', [], { authority: 'front-proxy-ca' }),
      headers: { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' },
    }),
    code: 401,
  },
  {
    what: 'a wrong token beside a certificate of few rights',
    attempt: (ground) => ({ path: secrets, certificate: ground.certificate('nobody'), token: 'x' }),
    code: 403,
    says: 'nobody',
  },
  {
    what: 'a certificate without a name',
    attempt: (ground) => ({ path: secrets, certificate: ground.certificate('', ['system:masters']) }),
    code: 403,
    says: 'system:anonymous',
  },
]

const headers = (what: string, authorization: string, code: number): Row => ({
  what: `an Authorization header that is ${what}`,
  attempt: { path: secrets, headers: { authorization } },
  code,
})

const others: readonly Row[] = [
  headers('Basic', `Basic ${Buffer.from('admin:admin').toString('base64')}`, 403),
  headers('of another scheme', 'Negotiate x', 403),
  headers('a scheme alone', 'Bearer', 403),
  headers('a scheme without a token', 'Bearer ', 403),
  headers('two tokens', 'Bearer x y', 401),
  {
    what: 'a token in the query',
    attempt: () => ({ path: `${secrets}?access_token=${token('good')}&token=${token('good')}` }),
    code: 403,
    says: 'system:anonymous',
  },
  {
    what: 'a token in a cookie',
    attempt: () => ({ path: secrets, headers: { cookie: `token=${token('good')}` } }),
    code: 403,
    says: 'system:anonymous',
  },
]

attempts('credentials that are forged, expired or of others', prepare, [
  ...forged,
  ...certificates,
  ...others,
])
