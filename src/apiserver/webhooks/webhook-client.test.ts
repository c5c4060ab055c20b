import { getEventListeners } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
// Only a test may look across: certificates are the composition root's.
import {
  createAuthority,
  generateKey,
  issueCertificate,
  type KeyPair,
} from '../../cluster/pki/certificate.ts'
import { NodeBackendConnector } from '../http/backend-connector.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { WebhookClient } from './webhook-client.ts'

const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
const authority = createAuthority(generateKey(), { subject: { commonName: 'hooks' }, ...validity })
const served = issueCertificate(authority, {
  subject: { commonName: 'localhost' },
  ...validity,
  usages: ['server'],
  names: ['127.0.0.1'],
})
const connector = new NodeBackendConnector({})

const paths: string[] = []
let server: Server
beforeAll(async () => {
  const options = { cert: served.certificatePem, key: served.keyPem }
  server = createServer(options, (request, response) => {
    paths.push(request.url ?? '')
    if (request.url?.startsWith('/silent') !== true) response.end('{"answer":1}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  connector.close()
  server.closeAllConnections()
  server.close()
})

function client(path: string, trusted: KeyPair): WebhookClient {
  const { port } = server.address() as AddressInfo
  const caBundle = Buffer.from(trusted.certificatePem).toString('base64')
  const options = { host: realHost, reader: new FakeReader(), connector }
  return new WebhookClient({ url: `https://127.0.0.1:${port}${path}`, caBundle }, options)
}

test('post() trusts an authority, and the certificate of the server itself, as Go does', async () => {
  expect(await client('/hook', authority).post({}, 5)).toEqual({ answer: 1 })
  expect(await client('/hook', served).post({}, 5)).toEqual({ answer: 1 })
  const other = createAuthority(generateKey(), { subject: { commonName: 'others' }, ...validity })
  await expect(client('/hook', other).post({}, 5)).rejects.toThrow(
    'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  )
})

test('post() joins paths as client-go does', async () => {
  paths.length = 0
  for (const path of ['', '//a//b/', '/a/../c/.']) await client(path, authority).post({}, 5)
  expect(paths).toEqual(['/?timeout=5s', '/a/b?timeout=5s', '/c?timeout=5s'])
})

test('post() gives up when its caller does, and keeps nothing of it', async () => {
  const caller = new AbortController()
  await client('/hook', authority).post({}, 5, { cancelled: caller.signal })
  expect(getEventListeners(caller.signal, 'abort')).toEqual([])
  const pending = client('/silent', authority).post({}, 5, { cancelled: caller.signal })
  caller.abort()
  await expect(pending).rejects.toThrow(/^Post "https:\S+\/silent\?timeout=5s": context canceled$/)
  const late = client('/hook', authority).post({}, 5, { cancelled: caller.signal })
  await expect(late).rejects.toThrow('context canceled')
})
