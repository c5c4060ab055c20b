import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
// Only a test may look across: certificates are the composition root's.
import { createAuthority, generateKey, issueCertificate } from '../../cluster/pki/certificate.ts'
import type { ClientAuthority, Connection } from '../request.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { FrontProxyAuthenticator, standardHeaders } from './front-proxy.ts'

const notBeforeMs = Date.now() - 1000
const notAfterMs = Date.now() + 1e6
const ca = createAuthority(generateKey(), { subject: { commonName: 'ca' }, notBeforeMs, notAfterMs })
const { certificatePem } = issueCertificate(ca, {
  ...{ subject: { commonName: 'front-proxy-client' }, usages: ['client'], notBeforeMs, notAfterMs },
})
const der = new X509Certificate(certificatePem).raw
const from = (...signedBy: readonly ClientAuthority[]): Connection => ({
  remoteAddress: '',
  clientCertificate: { der, signedBy },
})
const proxyOf = (allowedNames: readonly string[]) =>
  new FrontProxyAuthenticator({ ...standardHeaders, authority: '', allowedNames })
const headers = {
  'x-remote-user': 'jane',
  'x-remote-uid': '7',
  'x-remote-group': ['dev', 'ops'],
  'x-remote-extra-acme.com%2fproject': ['a', 'b'],
  'x-other': 'kept',
}

describe('FrontProxyAuthenticator', () => {
  const proxy = proxyOf(['front-proxy-client'])

  it('believes a front proxy who asks, and names the headers that said it', () => {
    const found = proxy.authenticate(fakeRequest({ connection: from('front-proxy'), headers }))
    expect(found?.user).toEqual({
      name: 'jane',
      uid: '7',
      groups: ['dev', 'ops', 'system:authenticated'],
      extra: { 'acme.com/project': ['a', 'b'] },
    })
    expect(found?.headers).toEqual([
      ...['x-remote-user', 'x-remote-uid', 'x-remote-group', 'x-remote-extra-acme.com%2fproject'],
    ])
  })

  it('does not believe others, and not about nobody', () => {
    expect(proxy.authenticate(fakeRequest({ connection: from('client'), headers }))).toBeUndefined()
    expect(proxy.authenticate(fakeRequest({ headers }))).toBeUndefined()
    expect(proxy.authenticate(fakeRequest({ connection: from('front-proxy') }))).toBeUndefined()
  })

  it('refuses certificates of other names, unless all are allowed', () => {
    const request = fakeRequest({ connection: from('front-proxy'), headers })
    expect(() => proxyOf(['other']).authenticate(request)).toThrow(
      'x509: subject with cn=front-proxy-client is not in the allowed list',
    )
    expect(proxyOf([]).authenticate(request)?.user.name).toBe('jane')
  })
})
