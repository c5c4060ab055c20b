import { beforeEach, describe, expect, it } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { encodeBase64 } from '../../base/base64.ts'
import { realHost } from '../../base/host/real-host.ts'
// Only a test may look across: keys are the composition root's.
import { generateKey, privateKeyPem } from '../../cluster/pki/certificate.ts'
import { tokenKeys } from '../../cluster/pki/token-keys.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { accountKeys } from './account-keys.ts'
import { signToken } from './jwt.ts'
import { LegacyTokens } from './legacy-tokens.ts'

const keys = tokenKeys(privateKeyPem(generateKey()))
const own = 'kubernetes.io/serviceaccount'
const claims = {
  iss: 'kubernetes/serviceaccount',
  [`${own}/namespace`]: 'shop',
  [`${own}/secret.name`]: 's',
  [`${own}/service-account.name`]: 'web',
  [`${own}/service-account.uid`]: 'u1',
  sub: 'system:serviceaccount:shop:web',
}
const token = signToken(claims, keys)
const secretOf = (secret: core.v1.Secret): core.v1.Secret => secret
const data = { token: encodeBase64(new TextEncoder().encode(token)) }
const metadata = { namespace: 'shop', name: 's', uid: 's1' }

describe('LegacyTokens', () => {
  let reader: FakeReader
  let noted: string[]
  let tokens: LegacyTokens

  beforeEach(() => {
    reader = new FakeReader()
    reader.put('serviceaccounts', { metadata: { namespace: 'shop', name: 'web', uid: 'u1' } })
    noted = []
    const noteUse = (_: unknown, day: string): void => void noted.push(day)
    tokens = new LegacyTokens({
      host: realHost,
      keys: accountKeys(keys),
      reader,
      audiences: ['api'],
      noteUse,
    })
  })
  const ask = (text = token, audiences = ['api']) => tokens.authenticateToken(text, audiences)

  it('knows a token that is kept in its Secret, and notes a day’s first use', () => {
    reader.put('secrets', secretOf({ metadata, data }))
    expect(ask()).toEqual({
      user: {
        name: 'system:serviceaccount:shop:web',
        uid: 'u1',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop'],
      },
      audiences: ['api'],
    })
    ask()
    expect(noted).toEqual([new Date().toISOString().slice(0, 10)])
  })

  it('leaves tokens of others to others', () => {
    expect(ask('secret')).toBeUndefined()
    expect(ask(signToken({ ...claims, iss: 'https://example.com' }, keys))).toBeUndefined()
  })

  const invalid = { labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } }
  it.each<[string, object | undefined, string]>([
    ['whose Secret is gone', undefined, 'Token has been invalidated'],
    [
      'that its Secret does not hold',
      { metadata, data: { token: 'eA==' } },
      "Token does not match server's copy",
    ],
    ['that was marked', { metadata: { ...metadata, ...invalid }, data }, 'has been marked invalid'],
  ])('refuses a token %s', (_, secret, message) => {
    if (secret !== undefined) reader.put('secrets', secret)
    expect(() => ask()).toThrow(message)
  })

  it('refuses tokens of another key, of an earlier account, and for others', () => {
    reader.put('secrets', secretOf({ metadata, data }))
    const forged = signToken(claims, tokenKeys(privateKeyPem(generateKey())))
    expect(() => ask(forged)).toThrow('invalid signature, no keys found')
    expect(() => ask(token, ['vault'])).toThrow('is invalid')
    reader.put('serviceaccounts', { metadata: { namespace: 'shop', name: 'web', uid: 'u2' } })
    expect(() => ask()).toThrow('ServiceAccount UID (u2) does not match claim (u1)')
  })
})
