import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { detachedSignature } from '../../controllers/bootstrapsigner/sign-cluster-info.ts'
import { clusterOnlyKubeconfig } from '../kubeconfig.ts'
import { createAuthority, generateKey } from '../pki/certificate.ts'
import { listedToken, newToken, parseToken, tokenSecret, tokenText } from './bootstrap-tokens.ts'
import { checkPinned, verifiedCluster } from './discover-cluster.ts'
import { publicKeyHash, readPublicKeyHash } from './public-key-hash.ts'

const token = { id: 'abcdef', secret: '0123456789abcdef' }
const authority = createAuthority(generateKey(), {
  subject: { commonName: 'kubernetes' },
  notBeforeMs: 0,
  notAfterMs: 4_000_000_000_000,
})

test('newToken() is of the form that parseToken() takes', () => {
  const text = tokenText(newToken(realHost))
  expect(tokenText(parseToken(text))).toBe(text)
  expect(tokenText(newToken(realHost))).not.toBe(text)
  expect(() => parseToken('abcdef')).toThrow('the bootstrap token "abcdef" was not of the form')
})

test('tokenSecret() holds what listedToken() reads', () => {
  const settings = { ttlMs: 60_000, usages: ['signing'], groups: ['b', 'a'], description: 'd' }
  const secret = tokenSecret(token, settings, 1_000)
  expect(secret.metadata).toEqual({ name: 'bootstrap-token-abcdef', namespace: 'kube-system' })
  expect(listedToken(secret)).toEqual({
    token: 'abcdef.0123456789abcdef',
    endMs: 61_000,
    usages: ['signing'],
    description: 'd',
    groups: ['a', 'b'],
  })
  const bare = tokenSecret(token, { ttlMs: 0, usages: [], groups: [] }, 0)
  expect(listedToken(bare)).toMatchObject({ endMs: undefined, groups: [], description: '' })
})

test('verifiedCluster() believes what the token has signed, and nothing else', () => {
  const kubeconfig = clusterOnlyKubeconfig('https://192.0.2.7:6443', authority.certificatePem)
  const signature = detachedSignature(kubeconfig, token, realHost)
  const data = { kubeconfig, 'jws-kubeconfig-abcdef': signature }
  expect(verifiedCluster(data, token)).toEqual({
    server: 'https://192.0.2.7:6443',
    authorityPem: authority.certificatePem,
  })
  const changed = { ...data, kubeconfig: kubeconfig.replace('192.0.2.7', '192.0.2.8') }
  expect(() => verifiedCluster(changed, token)).toThrow('failed to verify JWS signature')
  expect(() => verifiedCluster({}, token)).toThrow('there is no kubeconfig key')
})

test('checkPinned() lets the authority pass whose key was named', () => {
  const hash = publicKeyHash(new X509Certificate(authority.certificatePem))
  checkPinned(authority.certificatePem, [readPublicKeyHash(hash.toUpperCase())])
  const other = `sha256:${'0'.repeat(64)}`
  expect(() => checkPinned(authority.certificatePem, [other])).toThrow('are pinned')
})

test.each([
  ['sha256', 'invalid hash, expected "format:hex-value"'],
  ['md5:00', 'unknown hash format "md5"'],
  ['sha256:00', 'expected a 32 byte SHA-256 hash'],
])('readPublicKeyHash() refuses %s', (text, why) => {
  expect(() => readPublicKeyHash(text)).toThrow(why)
})
