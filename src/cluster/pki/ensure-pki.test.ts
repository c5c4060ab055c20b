import { createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { realHost } from '../../base/host/real-host.ts'
import { kubeconfig } from '../kubeconfig.ts'
import { componentSubjects, ensurePki, type PkiOptions } from './ensure-pki.ts'
import { PkiError } from './key-files.ts'

const options: PkiOptions = {
  host: realHost,
  serverNames: ['node-1', '192.0.2.7', 'fd00::1'],
  serviceAddress: '10.96.0.1',
  clusterDomain: 'cluster.local',
}

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'timonel-pki-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const expectSignedBy = (pem: string, authorityPem: string): void => {
  const certificate = new X509Certificate(pem)
  const authority = new X509Certificate(authorityPem)
  expect(certificate.checkIssued(authority)).toBe(true)
  expect(certificate.verify(authority.publicKey)).toBe(true)
}

describe('ensurePki()', () => {
  it('makes authorities, certificates and keys for their owner alone', async () => {
    const pki = await ensurePki(directory, options)
    expectSignedBy(pki.apiServer.certificatePem, pki.ca.certificatePem)
    expectSignedBy(pki.kubeletClient.certificatePem, pki.ca.certificatePem)
    expectSignedBy(pki.frontProxyClient.certificatePem, pki.frontProxyCa.certificatePem)
    expect(new X509Certificate(pki.ca.certificatePem).ca).toBe(true)
    for (const file of readdirSync(directory).filter((name) => name.endsWith('.key'))) {
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600)
    }
  })

  it('serves under the standard names and the given ones', async () => {
    const pki = await ensurePki(directory, options)
    const certificate = new X509Certificate(pki.apiServer.certificatePem)
    for (const name of ['kubernetes.default.svc.cluster.local', 'localhost', 'node-1']) {
      expect(certificate.checkHost(name)).toBe(name)
    }
    for (const address of ['10.96.0.1', '127.0.0.1', '192.0.2.7', 'fd00::1']) {
      expect(certificate.checkIP(address)).toBe(address)
    }
  })

  it('keeps everything at the next start', async () => {
    const first = await ensurePki(directory, options)
    const admin = first.client('admin', componentSubjects.admin)
    const second = await ensurePki(directory, options)
    expect(second.ca).toEqual(first.ca)
    expect(second.apiServer).toEqual(first.apiServer)
    expect(second.serviceAccount).toEqual(first.serviceAccount)
    expect(second.client('admin', componentSubjects.admin)).toEqual(admin)
  })

  it('issues the serving certificate anew for other names, and soon before it expires', async () => {
    const first = await ensurePki(directory, options)
    const renamed = await ensurePki(directory, { ...options, serverNames: ['node-2'] })
    expect(renamed.apiServer).not.toEqual(first.apiServer)
    expect(renamed.ca).toEqual(first.ca)
    const later = { ...realHost, now: () => Date.now() + 300 * 24 * 3600 * 1000 }
    const host = Object.assign(Object.create(realHost), later)
    const renewed = await ensurePki(directory, { ...options, serverNames: ['node-2'], host })
    expect(renewed.apiServer).not.toEqual(renamed.apiServer)
  })

  it('puts groups into organizations', async () => {
    const pki = await ensurePki(directory, options)
    expect(new X509Certificate(pki.nodeClient('n1').certificatePem).subject).toBe(
      'O=system:nodes\nCN=system:node:n1',
    )
    expect(statSync(join(directory, 'nodes', 'n1-client.key')).mode & 0o777).toBe(0o600)
  })

  it('gives the public half of the service-account key', async () => {
    const pki = await ensurePki(directory, options)
    expect(createPublicKey(pki.serviceAccount.publicKeyPem).asymmetricKeyType).toBe('ec')
    expect(readFileSync(join(directory, 'sa.pub'), 'utf8')).toBe(pki.serviceAccount.publicKeyPem)
  })

  it('goes on with the key that a kill left behind', async () => {
    const first = await ensurePki(directory, options)
    rmSync(join(directory, 'ca.crt'))
    const second = await ensurePki(directory, options)
    expect(second.ca.keyPem).toBe(first.ca.keyPem)
    expect(second.apiServer).toEqual(first.apiServer)
    expectSignedBy(first.apiServer.certificatePem, second.ca.certificatePem)
  })

  it('refuses an authority without its key and a damaged one', async () => {
    await ensurePki(directory, options)
    rmSync(join(directory, 'ca.key'))
    await expect(ensurePki(directory, options)).rejects.toThrow(/ca\.key is missing/)
    writeFileSync(join(directory, 'ca.key'), 'nonsense')
    await expect(ensurePki(directory, options)).rejects.toThrow(PkiError)
  })

  it('makes certificates with which TLS verifies both sides', async () => {
    const pki = await ensurePki(directory, options)
    const admin = pki.client('admin', componentSubjects.admin)
    const authorized = await new Promise<string>((resolve, reject) => {
      const server = createServer(
        {
          ca: pki.ca.certificatePem,
          cert: pki.apiServer.certificatePem,
          key: pki.apiServer.keyPem,
          requestCert: true,
          rejectUnauthorized: false,
        },
        (socket) => socket.end(socket.authorized ? 'yes' : String(socket.authorizationError)),
      )
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        const port = typeof address === 'object' && address !== null ? address.port : 0
        const socket = connect({
          host: '127.0.0.1',
          port,
          ca: pki.ca.certificatePem,
          cert: admin.certificatePem,
          key: admin.keyPem,
        })
        socket.on('data', (data) => {
          resolve(data.toString())
          server.close()
        })
        socket.on('error', reject)
      })
    })
    expect(authorized).toBe('yes')
  })
})

describe('kubeconfig()', () => {
  it('is YAML that names one cluster, one user and their context', async () => {
    const pki = await ensurePki(directory, options)
    const client = pki.client('admin', componentSubjects.admin)
    const text = kubeconfig({
      server: 'https://127.0.0.1:6443',
      clusterName: 'timonel',
      userName: 'kubernetes-admin',
      certificateAuthority: pki.ca.certificatePem,
      client,
    })
    const config = parse(text)
    expect(config['current-context']).toBe('kubernetes-admin@timonel')
    expect(config.clusters[0].cluster.server).toBe('https://127.0.0.1:6443')
    expect(Buffer.from(config.users[0].user['client-key-data'], 'base64').toString()).toBe(client.keyPem)
  })
})
