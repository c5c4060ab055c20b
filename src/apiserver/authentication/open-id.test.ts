import { expect, test } from 'vitest'
import { fakeRequest } from '../testing/fake-request.ts'
import { OpenIdEndpoint } from './open-id.ts'

const key = { kty: 'RSA', kid: 'a', alg: 'RS256' }
const endpoint = new OpenIdEndpoint('https://issuer', 'https://192.0.2.1:6443', {
  sign: () => '',
  verify: () => false,
  lookFor: () => undefined,
  revision: 0,
  publicKeys: [key, { ...key }, { ...key, kid: 'b' }],
  maxAgeSeconds: 3600,
})

async function ask(method: string, target: string): Promise<unknown> {
  const response = await endpoint.handle(fakeRequest({ method, target }))
  if (response.type !== 'bytes') throw new Error(response.type)
  return JSON.parse(new TextDecoder().decode(response.chunks[0]))
}

test.each(['/openid/v1/jwks', '/openid/v1/jwks/'])(
  'OpenIdEndpoint gives each key once at %s',
  async (path) => {
    expect(await ask('GET', path)).toEqual({ keys: [key, { ...key, kid: 'b' }] })
  },
)

test('OpenIdEndpoint says where its keys are, to who reads alone', async () => {
  const path = '/.well-known/openid-configuration'
  expect(await ask('GET', `${path}/`)).toMatchObject({ jwks_uri: 'https://192.0.2.1:6443/openid/v1/jwks' })
  await expect(ask('HEAD', path)).rejects.toThrow('the server does not allow this method')
  await expect(ask('GET', `${path}/x`)).rejects.toThrow('the server could not find the requested resource')
  expect(endpoint.index()).toEqual([path, '/openid/v1/jwks'])
})
