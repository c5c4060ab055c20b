import { X509Certificate } from 'node:crypto'
import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseRequest } from '../../../../api/certificates/certificate-signing-request/parse-request.ts'
import { silentLogger } from '../../../../base/logger.ts'
import { testHost } from '../../../../client/testing/test-host.ts'
import { createAuthority, generateKey, issueCertificate, type KeyPair } from '../../../pki/certificate.ts'
import { createCertificateRequest } from '../../../pki/certificate-request.ts'
import { requestSigner } from '../../../pki/request-signer.ts'
import { CertificateManager, rotationDueMs } from './certificate-manager.ts'
import { CertificateStore } from './certificate-store.ts'

const dayMs = 24 * 3_600_000
const authority = createAuthority(generateKey(), {
  subject: { commonName: 'ca' },
  ...{ notBeforeMs: 0, notAfterMs: 3650 * dayMs },
})
const issue = (fromMs: number): KeyPair =>
  issueCertificate(authority, {
    subject: { commonName: 'system:node:n' },
    ...{ usages: ['client'], notBeforeMs: fromMs, notAfterMs: fromMs + 10 * dayMs },
  })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-kubelet-pki-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('createCertificateRequest()', () => {
  it('asks for what the API server’s signers take', () => {
    const key = generateKey()
    const names = ['node-1', '10.0.0.1', 'fd00::1']
    const subject = { commonName: 'system:node:n', organizations: ['system:nodes'] }
    const request = parseRequest(
      Buffer.from(createCertificateRequest(key, subject, names)).toString('base64'),
    )
    if ('error' in request) throw new Error(request.error)
    expect(request).toMatchObject({ commonName: 'system:node:n', organizations: ['system:nodes'] })
    const terms = { keyUsage: 1, extendedKeyUsages: [], notBeforeMs: 0, notAfterMs: dayMs }
    const signed = new X509Certificate(requestSigner(authority).sign(request, terms))
    expect(signed.subjectAltName).toBe('DNS:node-1, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1')
    expect(signed.checkPrivateKey(key)).toBe(true)
  })
})

describe('CertificateStore', () => {
  it('keeps each by itself behind one link, for its owner alone', () => {
    const store = new CertificateStore(join(folder, 'pki'), 'kubelet-client')
    expect(store.current()).toBeUndefined()
    const [one, two] = [issue(0), issue(dayMs)]
    store.keep(one.certificatePem, one.keyPem, 0)
    store.keep(two.certificatePem, two.keyPem, 1_000)
    expect(store.current()?.notBeforeMs).toBe(dayMs)
    expect(lstatSync(store.path).isSymbolicLink()).toBe(true)
    expect(statSync(store.path).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'pki', 'kubelet-client-1970-01-01-00-00-00.pem'), 'utf8')).toBe(
      one.certificatePem + one.keyPem,
    )
    writeFileSync(store.path, 'broken')
    expect(store.current()).toBeUndefined()
  })
})

describe('CertificateManager', () => {
  it('asks at once where there is none, again after failures, and when most of a life is over', async () => {
    const host = testHost()
    const store = new CertificateStore(folder, 'kubelet-client')
    const asked: number[] = []
    const rotated: number[] = []
    const manager = new CertificateManager({
      ...{ host, logger: silentLogger, store },
      request: async () => {
        asked.push(host.now())
        if (asked.length <= 2) throw new Error('denied')
        return issue(host.now())
      },
      rotated: ({ notBeforeMs }) => rotated.push(notBeforeMs),
    })
    void manager.run()
    await host.advance(60_000)
    expect(asked.map((ms) => ms - (asked[0] ?? 0))).toEqual([0, 2_000, 6_000])
    expect(rotated).toHaveLength(1)
    await host.advance(6.9 * dayMs)
    expect(rotated).toHaveLength(1)
    await host.advance(2.2 * dayMs)
    expect(rotated).toHaveLength(2)
    manager.stop()
  })

  it.each([
    [0, 70],
    [0.5, 80],
    [1, 90],
  ])('rotationDueMs() with %d is %d %% of its life', (random, percent) => {
    expect(rotationDueMs({ notBeforeMs: 1_000, notAfterMs: 1_100 }, random)).toBeCloseTo(1_000 + percent)
  })
})
