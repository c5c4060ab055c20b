import { mkdtempSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
// Only a test may look across: certificates are the composition root's.
import { ensurePki, type Pki } from '../../cluster/pki/ensure-pki.ts'
import { textResponse } from '../response.ts'
import { startHttpServer } from './http-server.ts'
import type { HttpServerOptions } from './http-server-options.ts'
import { overHttp1, overHttp2 } from './testing/call.ts'

let directory: string
let pki: Pki

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'timonel-http-'))
  const names = { serverNames: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local' }
  pki = await ensurePki(directory, { host: realHost, ...names })
})
afterAll(() => rmSync(directory, { recursive: true }))

async function start(more: Partial<HttpServerOptions> = {}) {
  const { certificatePem, keyPem } = pki.apiServer
  const server = await startHttpServer({
    ...{ host: realHost, logger: silentLogger, address: '127.0.0.1', port: 0, certificatePem, keyPem },
    handler: async () => textResponse('here'),
    ...more,
  })
  return { server, to: { port: server.port, ca: pki.ca.certificatePem } }
}

test.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('startHttpServer() gives every answer over %s the headers that it is told', async (_, call) => {
  const { server, to } = await start({ headers: { 'strict-transport-security': 'max-age=1; preload' } })
  expect((await call(to, '/')).headers['strict-transport-security']).toBe('max-age=1; preload')
  await server.close(0)
})

test.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('refuse() sends who comes over %s elsewhere, but for who asks how the server is', async (_, call) => {
  const { server, to } = await start()
  server.refuse()
  const { status, headers, body } = await call(to, '/api')
  expect([status, headers['retry-after'], String(body)]).toEqual([
    ...[429, '5', 'The apiserver is shutting down, please try again later.\n'],
  ])
  expect((await call(to, '/readyz')).status).toBe(200)
  expect((await call(to, '/api', { headers: { 'user-agent': 'kube-apiserver/v1.36' } })).status).toBe(200)
  await server.close(0)
})

test('whenIdle() waits for requests that are under way, and no longer than it is told', async () => {
  const begun = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const { server, to } = await start({
    handler: async () => {
      begun.resolve()
      await answer.promise
      return textResponse('late')
    },
  })
  const farMs = 1_000_000
  await server.whenIdle(farMs)
  const called = overHttp1(to, '/')
  await begun.promise
  await server.whenIdle(1)
  const idle = server.whenIdle(farMs)
  answer.resolve()
  await idle
  expect(String((await called).body)).toBe('late')
  await server.close(0)
})

test('startHttpServer() asks HTTP/2 connections to end as often as it is told', async () => {
  const { server, to } = await start({ goAwayChance: 1 })
  const session = http2.connect(`https://127.0.0.1:${to.port}`, { ca: to.ca })
  const away = new Promise<number>((resolve) => session.once('goaway', resolve))
  const request = session.request({ ':path': '/' })
  const text = new Promise<string>((resolve) => request.once('data', (bytes) => resolve(String(bytes))))
  expect(await Promise.all([away, text])).toEqual([http2.constants.NGHTTP2_NO_ERROR, 'here'])
  await server.close(0)
})

test('startHttpServer() speaks HTTP/1.1 alone where it is told, with the groups that it is told', async () => {
  const { server, to } = await start({ http2: false, tls: { ecdhCurve: 'P-384' } })
  const shown = (ecdhCurve: string) =>
    new Promise<tls.TLSSocket>((resolve, reject) => {
      const socket = tls.connect({ ...to, ecdhCurve, ALPNProtocols: ['h2', 'http/1.1'] })
      socket.once('secureConnect', () => resolve(socket)).once('error', reject)
    })
  const socket = await shown('P-384')
  expect([socket.alpnProtocol, socket.getEphemeralKeyInfo()]).toMatchObject([
    'http/1.1',
    { name: 'secp384r1' },
  ])
  socket.destroy()
  await expect(shown('X25519')).rejects.toThrow()
  await server.close(0)
})

test('startHttpServer() lets another one listen on its port where it is told', async () => {
  const { server, to } = await start({ sharesPort: true })
  const { server: second } = await start({ sharesPort: true, port: to.port })
  await expect(start({ port: to.port })).rejects.toThrow('EADDRINUSE')
  await server.close(0)
  expect((await overHttp1(to, '/')).status).toBe(200)
  await second.close(0)
})
