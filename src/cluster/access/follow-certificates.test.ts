import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startHttpServer } from '../../apiserver/http/http-server.ts'
import type { HttpServer } from '../../apiserver/http/http-server-options.ts'
import { textResponse } from '../../apiserver/response.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { createAuthority, generateKey, issueCertificate, type KeyPair } from '../pki/certificate.ts'
import { followCertificates, readCertificates } from './follow-certificates.ts'

const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
const authority = (commonName: string): KeyPair =>
  createAuthority(generateKey(), { subject: { commonName }, ...life })
const [own, first, second] = [authority('own'), authority('first'), authority('second')]
const serving = (commonName: string): KeyPair =>
  issueCertificate(own, { subject: { commonName }, usages: ['server'], names: ['127.0.0.1'], ...life })
const client = (by: KeyPair): KeyPair =>
  issueCertificate(by, { subject: { commonName: 'jane' }, usages: ['client'], ...life })

let folder: string
let http: HttpServer
let stop: () => void
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-certificates-'))
  const shown = serving('one')
  writeFileSync(join(folder, 'tls.crt'), shown.certificatePem)
  writeFileSync(join(folder, 'tls.key'), shown.keyPem)
  writeFileSync(join(folder, 'ca.crt'), first.certificatePem)
  http = await startHttpServer({
    ...{ host: realHost, logger: silentLogger, address: '127.0.0.1', port: 0, ...shown },
    clientAuthorities: { client: first.certificatePem },
    handler: async ({ source: { connection } }) =>
      textResponse(connection.clientCertificate?.signedBy.join() || 'nobody'),
  })
  const other = serving('a.com')
  writeFileSync(join(folder, 'other.crt'), other.certificatePem)
  writeFileSync(join(folder, 'other.key'), other.keyPem)
  const files = {
    named: [{ certificate: join(folder, 'other.crt'), key: join(folder, 'other.key'), names: [] }],
    serving: { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') },
    client: join(folder, 'ca.crt'),
  }
  stop = followCertificates(files, silentLogger, (read) => {
    http.replaceCertificates({
      ...(read.serving ?? shown),
      ...(read.client === undefined ? {} : { clientAuthorities: { client: read.client } }),
    })
  })
})
afterEach(async () => {
  stop()
  await http.close(100)
  rmSync(folder, { recursive: true })
})

const open = (pair?: KeyPair): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const shown = pair === undefined ? {} : { cert: pair.certificatePem, key: pair.keyPem }
    const to = { host: '127.0.0.1', port: http.port, ca: own.certificatePem, ALPNProtocols: ['http/1.1'] }
    const socket = connect({ ...to, ...shown }, () => resolve(socket))
    socket.on('error', reject)
  })

/** What the server knows of who asks over a connection. */
const known = (socket: TLSSocket): Promise<string> =>
  new Promise((resolve, reject) => {
    const call = request({ createConnection: () => socket, path: '/', host: '127.0.0.1' }, (response) => {
      response.setEncoding('utf8')
      response.once('data', (text: string) => resolve(text.trim()))
    })
    call.setHeader('connection', 'keep-alive')
    call.on('error', reject)
    call.end()
  })

async function shownName(): Promise<string> {
  const socket = await open()
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

it('readCertificates() reads pairs for names, and refuses a key of another', () => {
  const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  const { named } = readCertificates({ named: [{ certificate, key, names: ['a.com'] }] })
  expect(named?.[0]).toMatchObject({ names: ['a.com'], keyPem: expect.stringContaining('PRIVATE KEY') })
  writeFileSync(key, serving('other').keyPem)
  expect(() => readCertificates({ named: [{ certificate, key, names: [] }] })).toThrow('is not the key of')
})

describe('followCertificates()', () => {
  it('shows a new certificate once its key is there as well', async () => {
    const next = serving('two')
    writeFileSync(join(folder, 'tls.crt'), next.certificatePem)
    expect(await shownName()).toBe('one')
    writeFileSync(join(folder, 'tls.key'), next.keyPem)
    await vi.waitFor(async () => expect(await shownName()).toBe('two'), 5_000)
  })

  it('shows a new certificate though another one cannot be read', async () => {
    writeFileSync(join(folder, 'other.crt'), 'no certificate')
    const next = serving('two')
    writeFileSync(join(folder, 'tls.key'), next.keyPem)
    writeFileSync(join(folder, 'tls.crt'), next.certificatePem)
    await vi.waitFor(async () => expect(await shownName()).toBe('two'), 5_000)
  })

  it('believes clients of another authority, and those of the old one no more, also on open connections', async () => {
    const old = await open(client(first))
    expect(await known(old)).toBe('client')
    writeFileSync(join(folder, 'ca.crt'), 'no certificate')
    writeFileSync(join(folder, 'ca.crt'), second.certificatePem)
    await vi.waitFor(async () => {
      const fresh = await open(client(second))
      expect(await known(fresh)).toBe('client')
      fresh.destroy()
    }, 5_000)
    expect(await known(old)).toBe('nobody')
    old.destroy()
  })
})
