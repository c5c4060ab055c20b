import { describe, expect, it } from 'vitest'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import type { authentication } from '../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { realHost } from '../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { generateKey, privateKeyPem } from '../../cluster/pki/certificate.ts'
import { tokenKeys } from '../../cluster/pki/token-keys.ts'
import { AdmissionChain } from '../admission-chain.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { accountKeys } from './account-keys.ts'
import { AccountTokenMetrics } from './account-token-metrics.ts'
import { parseToken } from './jwt.ts'
import { ServiceAccountTokens } from './service-account-tokens.ts'
import { TokenRequestEndpoint } from './token-request.ts'

type TokenRequest = authentication.v1.TokenRequest

const issuer = 'https://kubernetes.default.svc.cluster.local'
const keys = accountKeys(tokenKeys(privateKeyPem(generateKey())))
const reader = new FakeReader()
reader.put('serviceaccounts', { metadata: { namespace: 'ns', name: 'web', uid: 'u1' } })
reader.put('pods', {
  metadata: { namespace: 'ns', name: 'p', uid: 'p1' },
  ...{ spec: { serviceAccountName: 'web', nodeName: 'n' } },
})
reader.put('pods', {
  metadata: { namespace: 'ns', name: 'other', uid: 'p2' },
  ...{ spec: { serviceAccountName: 'default' } },
})
reader.put('nodes', { metadata: { name: 'n', uid: 'n1' } })

const ask = async (spec: TokenRequest['spec'], metadata = {}, name = 'web'): Promise<TokenRequest> => {
  const body: TokenRequest = { metadata, ...(spec === undefined ? {} : { spec }) }
  const endpoint = new TokenRequestEndpoint({
    host: realHost,
    keys,
    reader,
    admission: new AdmissionChain([]),
    decode: async () => body,
    issuer,
    audiences: [issuer],
  })
  const request = fakeRequest({ method: 'POST', user: { name: 'jane', groups: [] } })
  request.info = { ...request.info, namespace: 'ns', name, resource: 'serviceaccounts', subresource: 'token' }
  const response = await endpoint.handle(request, ServiceAccount as unknown as KindDeclaration)
  if (response.type !== 'object') throw new Error(response.type)
  expect(response.status).toBe(201)
  return response.object as TokenRequest
}

const claimsOf = (answer: TokenRequest) => parseToken(answer.status?.token ?? '')?.payload

describe('TokenRequestEndpoint', () => {
  it('makes a token for an hour and the server itself, unless asked otherwise', async () => {
    const answer = await ask(undefined)
    expect(answer).toMatchObject({
      kind: 'TokenRequest',
      metadata: { name: 'web', namespace: 'ns', uid: 'u1' },
      spec: { audiences: [issuer], expirationSeconds: 3600 },
    })
    const claims = claimsOf(answer)
    expect(claims).toMatchObject({
      aud: [issuer],
      iss: issuer,
      sub: 'system:serviceaccount:ns:web',
      'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'web', uid: 'u1' } },
    })
    expect(Number(claims?.exp) - Number(claims?.iat)).toBe(3600)
    const tokens = new ServiceAccountTokens({
      host: realHost,
      keys,
      reader,
      issuers: [issuer],
      metrics: new AccountTokenMetrics(new PrometheusMetrics()),
    })
    const found = await tokens.authenticateToken(answer.status?.token ?? '', [issuer])
    expect(found?.user.name).toBe('system:serviceaccount:ns:web')
  })

  it('binds to pods with their nodes, nodes and secrets', async () => {
    const claims = claimsOf(
      await ask({
        audiences: ['vault'],
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p1' },
      }),
    )
    expect(claims).toMatchObject({
      aud: ['vault'],
      'kubernetes.io': { pod: { name: 'p', uid: 'p1' }, node: { name: 'n', uid: 'n1' } },
    })
    const node = claimsOf(
      await ask({ audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: 'n' } }),
    )
    expect(node).toMatchObject({ 'kubernetes.io': { node: { name: 'n', uid: 'n1' } } })
  })

  it('lets injected tokens live a year, and warn after an hour', async () => {
    const claims = claimsOf(
      await ask({
        audiences: [],
        expirationSeconds: 3607,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' },
      }),
    )
    expect(Number(claims?.exp) - Number(claims?.iat)).toBe(365 * 24 * 3600)
    expect(claims).toMatchObject({ 'kubernetes.io': { warnafter: Number(claims?.iat) + 3607 } })
  })

  it.each([
    [
      { audiences: [], expirationSeconds: 10 },
      {},
      'web',
      'spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
    ],
    [undefined, {}, 'gone', 'serviceaccounts "gone" not found'],
    [
      undefined,
      { name: 'x' },
      'web',
      'metadata.name: Invalid value: "x": must match the service account name if specified',
    ],
    [
      undefined,
      { uid: 'x' },
      'web',
      'the UID in the token request (x) does not match the UID of the service account (u1)',
    ],
    [
      { audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'other' } },
      {},
      'web',
      'cannot bind token for serviceaccount "web" to pod running with different serviceaccount name.',
    ],
    [
      { audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'x' } },
      {},
      'web',
      'the UID in the bound object reference (x) does not match the UID in record',
    ],
    [
      { audiences: [], boundObjectRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
      {},
      'web',
      'cannot bind token to object of type apps/v1, Kind=Deployment',
    ],
  ])('%# refuses what cannot be', async (spec, metadata, name, message) => {
    await expect(ask(spec, metadata, name)).rejects.toThrow(message)
  })
})
