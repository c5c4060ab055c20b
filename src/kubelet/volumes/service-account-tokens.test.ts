import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { ServiceAccountTokens } from './service-account-tokens.ts'

const pod: core.v1.Pod = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u1' },
  spec: { serviceAccountName: 'seller', containers: [] },
}

test('ServiceAccountTokens renews at four fifths of the life, and lives on an old token where it must', async () => {
  const host = testHost()
  const api = new FakeApi(host)
  let issued = 0
  let broken = false
  api.interceptors.push(({ path, body }) => {
    if (path !== '/api/v1/namespaces/shop/serviceaccounts/seller/token') return undefined
    if (broken) throw new Error('the server is away')
    issued++
    const { spec } = body as { readonly spec: { readonly expirationSeconds: number } }
    const expirationTimestamp = new Date(host.now() + spec.expirationSeconds * 1000).toISOString()
    return { spec, status: { token: `token-${issued}`, expirationTimestamp } }
  })
  const tokens = new ServiceAccountTokens(createClient(api), host)
  const ask = async (): Promise<string> => {
    const asked = tokens.token(pod, { path: 'token', expirationSeconds: 1000 })
    await host.advance(1)
    return asked
  }
  expect(await ask()).toBe('token-1')
  await host.advance(700_000)
  expect(tokens.isDue('u1')).toBe(false)
  expect(await ask()).toBe('token-1')
  await host.advance(110_000)
  expect(tokens.isDue('u1')).toBe(true)
  broken = true
  expect(await ask()).toBe('token-1')
  broken = false
  expect(await ask()).toBe('token-2')
  tokens.forget('u1')
  broken = true
  const failed = expect(tokens.token(pod, { path: 'token' })).rejects.toThrow('failed to fetch token: ')
  await host.advance(1)
  await failed
})
