import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import {
  createAuthority,
  generateKey,
  issueCertificate,
  privateKeyPem,
} from '../../cluster/pki/certificate.ts'
import { tokenKeys } from '../../cluster/pki/token-keys.ts'
import type { Connection } from '../request.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { accountKeys } from './account-keys.ts'
import { AccountTokenMetrics } from './account-token-metrics.ts'
import { ClientCertificateAuthenticator } from './client-certificate.ts'
import { signToken, type TokenClaims } from './jwt.ts'
import { RequestAuthenticator } from './request-authenticator.ts'
import { ServiceAccountTokens } from './service-account-tokens.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'
import { TokenChain } from './token-chain.ts'
import { TokenReviewResource } from './token-review.ts'

const issuer = 'https://kubernetes.default.svc.cluster.local'
const keys = tokenKeys(privateKeyPem(generateKey()))
const nowSeconds = Math.floor(Date.now() / 1000)
const hour = 3600

const reader = new FakeReader()
reader.put('serviceaccounts', { metadata: { namespace: 'default', name: 'web', uid: 'u1' } })
reader.put('pods', { metadata: { namespace: 'default', name: 'p', uid: 'p1' } })
reader.put('pods', {
  metadata: { namespace: 'default', name: 'old', uid: 'p2', deletionTimestamp: '2020-01-01T00:00:00Z' },
})

const claims = (changes: Partial<TokenClaims> = {}, own: object = {}): TokenClaims => ({
  aud: [issuer],
  exp: nowSeconds + hour,
  iat: nowSeconds,
  iss: issuer,
  jti: 'j1',
  nbf: nowSeconds,
  sub: 'system:serviceaccount:default:web',
  'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'web', uid: 'u1' }, ...own },
  ...changes,
})

const passwords: TokenAuthenticator = {
  authenticateToken: (token, audiences) =>
    token === 'secret' ? { user: { name: 'alice', uid: '7', groups: ['dev', 'ops'] }, audiences } : undefined,
}

const tokens = new TokenChain([
  passwords,
  new ServiceAccountTokens({
    host: realHost,
    keys: accountKeys(keys),
    reader,
    issuers: [issuer],
    metrics: new AccountTokenMetrics(new PrometheusMetrics()),
  }),
])

const authenticator = new RequestAuthenticator({
  logger: silentLogger,
  certificates: new ClientCertificateAuthenticator(realHost),
  tokens,
  audiences: [issuer],
  anonymous: { enabled: true },
})

const withToken = (token: string) => fakeRequest({ headers: { authorization: `Bearer ${token}` } })
const authenticate = async (request: ReturnType<typeof fakeRequest>) => authenticator.authenticate(request)

const certificateOf = (notBeforeMs: number, notAfterMs: number): Connection => {
  const authority = createAuthority(generateKey(), { subject: { commonName: 'ca' }, notBeforeMs, notAfterMs })
  const { certificatePem } = issueCertificate(authority, {
    subject: { commonName: 'jane', organizations: ['dev', 'ops'] },
    usages: ['client'],
    notBeforeMs,
    notAfterMs,
  })
  const der = new X509Certificate(certificatePem).raw
  return { remoteAddress: '', clientCertificate: { der, signedBy: ['client'] } }
}

describe('RequestAuthenticator', () => {
  it('takes the in-process user as it is', async () => {
    const user = { name: 'system:kube-scheduler', groups: [] }
    const connection = { remoteAddress: '', user }
    expect(await authenticate(fakeRequest({ connection }))).toEqual({ user })
  })

  it('lets nobody in without a name but to the paths that it is told', async () => {
    const certificates = new ClientCertificateAuthenticator(realHost)
    const options = { logger: silentLogger, certificates, tokens, audiences: [issuer] }
    const anonymous = { enabled: true, paths: new Set(['/livez']) }
    const limited = new RequestAuthenticator({ ...options, anonymous })
    const nameOf = async (target: string, headers = {}) =>
      (await limited.authenticate(fakeRequest({ target, headers })))?.user.name
    expect(await nameOf('/livez?verbose')).toBe('system:anonymous')
    expect(await nameOf('/livez/ping')).toBeUndefined()
    expect(await nameOf('/version')).toBeUndefined()
    await expect(nameOf('/livez', { authorization: 'Bearer wrong' })).rejects.toThrow('Unauthorized')
  })

  it('reads user and groups from a certificate, once for a connection', async () => {
    const connection = certificateOf(Date.now() - 1000, Date.now() + 1e6)
    const found = await authenticate(fakeRequest({ connection }))
    expect(found?.user).toMatchObject({ name: 'jane', groups: ['dev', 'ops', 'system:authenticated'] })
    expect(found?.user.extra?.['authentication.kubernetes.io/credential-id']?.[0]).toMatch(
      /^X509SHA256=[0-9a-f]{64}$/,
    )
    expect((await authenticate(fakeRequest({ connection })))?.user).toBe(found?.user)
  })

  it('refuses a certificate that has expired or was not verified', async () => {
    const expired = certificateOf(Date.now() - 2000, Date.now() - 1000)
    await expect(authenticate(fakeRequest({ connection: expired }))).rejects.toThrow('Unauthorized')
    const connection = { remoteAddress: '', certificateError: 'SELF_SIGNED' }
    await expect(authenticate(fakeRequest({ connection }))).rejects.toThrow('Unauthorized')
    const both = fakeRequest({ connection, headers: { authorization: 'Bearer secret' } })
    expect((await authenticate(both))?.user.name).toBe('alice')
  })

  it('asks each of the token authenticators', async () => {
    expect((await authenticate(withToken('secret')))?.user).toEqual({
      name: 'alice',
      uid: '7',
      groups: ['dev', 'ops', 'system:authenticated'],
    })
    await expect(authenticate(withToken('wrong'))).rejects.toThrow('Unauthorized')
  })

  it('is anonymous without a credential', async () => {
    const anonymous = { name: 'system:anonymous', groups: ['system:unauthenticated'] }
    expect((await authenticate(fakeRequest()))?.user).toEqual(anonymous)
    expect((await authenticate(fakeRequest({ headers: { authorization: 'Basic x' } })))?.user).toEqual(
      anonymous,
    )
  })

  it('takes a token from WebSocket protocols', async () => {
    const carrier = `base64url.bearer.authorization.k8s.io.${Buffer.from('secret').toString('base64url')}`
    const headers = { upgrade: 'websocket', 'sec-websocket-protocol': `${carrier}, v5.channel.k8s.io` }
    expect((await authenticate(fakeRequest({ headers })))?.user.name).toBe('alice')
  })

  it.each([
    ['alone', (carrier: string) => carrier],
    ['twice', (carrier: string) => `${carrier}, ${carrier}, v5.channel.k8s.io`],
    ['that is no base64', () => 'base64url.bearer.authorization.k8s.io.$, v5.channel.k8s.io'],
    ['that is no UTF-8', () => 'base64url.bearer.authorization.k8s.io._w, v5.channel.k8s.io'],
  ])('refuses a token among WebSocket protocols %s', async (_what, protocols) => {
    const carrier = `base64url.bearer.authorization.k8s.io.${Buffer.from('secret').toString('base64url')}`
    const headers = { upgrade: 'websocket', 'sec-websocket-protocol': protocols(carrier) }
    await expect(async () => authenticate(fakeRequest({ headers }))).rejects.toMatchObject({ code: 401 })
  })

  it('knows service accounts and what their tokens are bound to', async () => {
    const token = signToken(
      claims({}, { pod: { name: 'p', uid: 'p1' }, node: { name: 'n', uid: 'n1' } }),
      keys,
    )
    expect((await authenticate(withToken(token)))?.user).toEqual({
      name: 'system:serviceaccount:default:web',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': ['JTI=j1'],
        'authentication.kubernetes.io/node-name': ['n'],
        'authentication.kubernetes.io/node-uid': ['n1'],
        'authentication.kubernetes.io/pod-name': ['p'],
        'authentication.kubernetes.io/pod-uid': ['p1'],
      },
    })
  })
})

describe('ServiceAccountTokens', () => {
  const forged = tokenKeys(privateKeyPem(generateKey()))
  it.each([
    ['has expired', claims({ exp: nowSeconds - 120 }), keys, 'service account token has expired'],
    ['is not valid yet', claims({ nbf: nowSeconds + 120 }), keys, 'service account token is not valid yet'],
    [
      'is for others',
      claims({ aud: ['vault'] }),
      keys,
      `token audiences ["vault"] is invalid for the target audiences ["${issuer}"]`,
    ],
    [
      'is of a deleted account',
      claims({}, { serviceaccount: { name: 'gone', uid: 'x' } }),
      keys,
      'serviceaccounts "gone" not found',
    ],
    [
      'is of an earlier account',
      claims({}, { serviceaccount: { name: 'web', uid: 'x' } }),
      keys,
      'service account UID (u1) does not match claim (x)',
    ],
    [
      'is bound to a pod that is gone',
      claims({}, { pod: { name: 'q', uid: 'q' } }),
      keys,
      'service account token has been invalidated',
    ],
    [
      'is bound to an earlier pod',
      claims({}, { pod: { name: 'p', uid: 'x' } }),
      keys,
      'pod UID (p1) does not match service account pod ref claim (x)',
    ],
    [
      'is bound to a pod that was deleted long ago',
      claims({}, { pod: { name: 'old', uid: 'p2' } }),
      keys,
      'service account token has been invalidated',
    ],
    [
      'is bound to a secret that is gone',
      claims({}, { secret: { name: 's', uid: 's' } }),
      keys,
      'service account token has been invalidated',
    ],
    ['has another key', claims(), forged, 'invalid signature, no keys found'],
  ])('refuses a token that %s', async (_, body, signer, message) => {
    const review = new TokenReviewResource(tokens, [issuer])
    const { status } = await review.create(fakeRequest(), { spec: { token: signToken(body, signer) } })
    expect(status).toEqual({ user: {}, error: `[invalid bearer token, ${message}]` })
  })

  it('tells auditors of tokens that should have been read anew', async () => {
    const found = async (warnafter: number) =>
      await authenticate(withToken(signToken(claims({}, { warnafter }), keys)))
    expect((await found(nowSeconds + hour))?.annotations).toBeUndefined()
    const request = withToken(signToken(claims({}, { warnafter: nowSeconds - hour }), keys))
    await authenticate(request)
    expect(request.annotations.get('authentication.k8s.io/stale-token')).toMatch(
      /^subject: system:serviceaccount:default:web, seconds after warning threshold: 360\d$/,
    )
  })

  it('leaves tokens of others alone', async () => {
    const review = new TokenReviewResource(tokens, [issuer])
    const token = signToken(claims({ iss: 'https://other' }), keys)
    const { status } = await review.create(fakeRequest(), { spec: { token } })
    expect(status?.error).toBe('invalid bearer token')
  })

  it('names the audiences that a token shares with a review', async () => {
    const review = new TokenReviewResource(tokens, [issuer])
    const token = signToken(claims({ aud: ['vault', 'other'] }), keys)
    const { status } = await review.create(fakeRequest(), { spec: { token, audiences: ['vault', 'more'] } })
    expect(status).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
      user: { username: 'system:serviceaccount:default:web' },
    })
  })

  it('verifies RSA keys, too', async () => {
    const { generateKeyPairSync } = await import('node:crypto')
    const rsa = tokenKeys(privateKeyPem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey))
    expect(rsa.algorithm).toBe('RS256')
    const chain = new TokenChain([
      new ServiceAccountTokens({
        host: realHost,
        keys: accountKeys(rsa),
        reader,
        issuers: [issuer],
        metrics: new AccountTokenMetrics(new PrometheusMetrics()),
      }),
    ])
    const found = await chain.authenticate(signToken(claims(), rsa), [issuer])
    expect(found.user.name).toBe('system:serviceaccount:default:web')
  })
})
