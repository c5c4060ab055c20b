import { createPublicKey, verify } from 'node:crypto'
import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import { forever, scriptPod } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

const folder = '/var/run/secrets/kubernetes.io/serviceaccount'

const review = async (ground: ContainerGround, token: string): Promise<unknown> => {
  const path = '/apis/authentication.k8s.io/v1/tokenreviews'
  return (await ground.api.create(path, { spec: { token } })).status
}

const mountsToken: Behave<ContainerGround> = async (ground) => {
  await ground.create('serviceaccounts', { metadata: { name: 'mount-test' } })
  const name = await ground.start(
    scriptPod('mounts', forever, { spec: { serviceAccountName: 'mount-test' } }),
  )
  await ground.ready(name)
  const [token = '', authority = '', namespace = ''] = await Promise.all(
    ['token', 'ca.crt', 'namespace'].map((file) => ground.shell(name, `cat ${folder}/${file}`)),
  )
  const root = await ground.api.get(ground.path('configmaps/kube-root-ca.crt'))
  expect(authority).toBe(JSON.parse(JSON.stringify(root.data))['ca.crt'])
  expect(namespace).toBe(ground.namespace)
  expect(await review(ground, token)).toMatchObject({
    authenticated: true,
    user: {
      username: `system:serviceaccount:${ground.namespace}:mount-test`,
      groups: expect.arrayContaining([
        'system:authenticated',
        'system:serviceaccounts',
        `system:serviceaccounts:${ground.namespace}`,
      ]),
      extra: expect.objectContaining({ 'authentication.kubernetes.io/pod-name': [name] }),
    },
  })
}

/** A pod that sees a token for `audience` at /token/token. */
const projecting = (audience?: string) =>
  scriptPod('projects', forever, {
    container: { volumeMounts: [{ name: 'token', mountPath: '/token' }] },
    spec: {
      volumes: [
        {
          name: 'token',
          projected: {
            sources: [
              {
                serviceAccountToken: {
                  path: 'token',
                  expirationSeconds: 600,
                  ...(audience === undefined ? {} : { audience }),
                },
              },
            ],
          },
        },
      ],
    },
  })

const parts = (token: string): readonly Readonly<Record<string, unknown>>[] =>
  token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))

const projectsToken: Behave<ContainerGround> = async (ground) => {
  const name = await ground.start(projecting())
  await ground.ready(name)
  const token = await ground.shell(name, 'cat /token/token')
  expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  expect(await ground.shell(name, 'stat -L -c %A /token/token')).toBe('-rw-r--r--\n')
  expect(await review(ground, token)).toMatchObject({
    authenticated: true,
    user: { username: `system:serviceaccount:${ground.namespace}:default` },
  })
  const [, claims] = parts(token)
  expect(Number(claims?.exp) - Number(claims?.iat)).toBe(600)
}

/** Reads as the pod does, with its own token. */
async function asPod(ground: ContainerGround, token: string, path: string) {
  const { status, text } = await ground.raw(path, { token })
  expect([path, status]).toEqual([path, 200])
  return JSON.parse(text)
}

/** What the issuer publishes suffices to believe a token. */
const discovers: Behave<ContainerGround> = async (ground) => {
  const binding = `discovery-${ground.namespace}`
  await ground.api.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: binding },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: ground.namespace }],
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'system:service-account-issuer-discovery',
    },
  })
  const name = await ground.start(projecting('oidc-discovery-test'))
  await ground.ready(name)
  const own = await ground.shell(name, `cat ${folder}/token`)
  const token = await ground.shell(name, 'cat /token/token')
  const configuration = await asPod(ground, own, '/.well-known/openid-configuration')
  const { keys } = await asPod(ground, own, new URL(configuration.jwks_uri).pathname)
  const [head, claims] = parts(token)
  expect(claims).toMatchObject({
    iss: configuration.issuer,
    aud: ['oidc-discovery-test'],
    sub: `system:serviceaccount:${ground.namespace}:default`,
  })
  expect(configuration.id_token_signing_alg_values_supported).toContain(head?.alg)
  const jwk = keys.find(({ kid }: { readonly kid: string }) => kid === head?.kid)
  const [header, payload, signature = ''] = token.split('.')
  const valid = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  expect(valid).toBe(true)
  await ground.api.delete(`/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${binding}`)
}

const accounts = (what: string) => `[sig-auth] ServiceAccounts ${what}`

/** Tokens of service accounts, as pods see them. */
export const authTokens: Table<ContainerGround> = {
  [accounts('should mount an API token into pods')]: mountsToken,
  [accounts('should mount projected service account token')]: projectsToken,
  [accounts('ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer')]:
    discovers,
}
