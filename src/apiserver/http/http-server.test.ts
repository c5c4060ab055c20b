import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
// Only a test may look across: certificates are the composition root's.
import {
  createAuthority,
  generateKey,
  issueCertificate,
  type KeyPair,
} from '../../cluster/pki/certificate.ts'
import { ensurePki, type Pki } from '../../cluster/pki/ensure-pki.ts'
import { startHttpServer } from './http-server.ts'
import type { HttpServer } from './http-server-options.ts'
import { type Answer, type Ask, overHttp1, overHttp2 } from './testing/call.ts'
import { handler, sinks } from './testing/test-routes.ts'

let directory: string
let pki: Pki

/** Somebody whom no authority of ours knows. */
function stranger(): KeyPair {
  const life = { notBeforeMs: Date.now() - 1000, notAfterMs: Date.now() + 1e6 }
  const authority = createAuthority(generateKey(), { subject: { commonName: 'other' }, ...life })
  return issueCertificate(authority, { subject: { commonName: 'jane' }, usages: ['client'], ...life })
}

let server: HttpServer

const start = (limits = {}): Promise<HttpServer> =>
  startHttpServer({
    host: realHost,
    logger: silentLogger,
    handler,
    address: '127.0.0.1',
    port: 0,
    certificatePem: pki.apiServer.certificatePem,
    keyPem: pki.apiServer.keyPem,
    clientAuthorities: { client: pki.ca.certificatePem, 'front-proxy': pki.frontProxyCa.certificatePem },
    limits,
  })

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'timonel-http-'))
  pki = await ensurePki(directory, {
    host: realHost,
    serverNames: [],
    serviceAddress: '10.96.0.1',
    clusterDomain: 'cluster.local',
  })
  server = await start()
})
afterAll(async () => {
  await server.close(0)
  rmSync(directory, { recursive: true })
})

describe.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('startHttpServer() over %s', (_, overProtocol) => {
  const call = (path: string, ask?: Ask): Promise<Answer> =>
    overProtocol({ port: server.port, ca: pki.ca.certificatePem }, path, ask)

  it('answers with the common headers', async () => {
    const answer = await call('/a%20b?x=1%202', {
      headers: { 'audit-id': 'mine', 'impersonate-group': ['a', 'b'] },
    })
    expect(answer.status).toBe(200)
    expect(answer.body.toString()).toBe('1 2 a,b')
    expect(answer.headers).toMatchObject({
      'audit-id': 'mine',
      'cache-control': 'no-cache, private',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '7',
    })
    expect((await call('/warn')).headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('refuses a malformed path', async () => {
    expect((await call('/%zz')).status).toBe(400)
  })

  it('sends a warning header for each warning', async () => {
    const answer = await call('/warn')
    const sent = Buffer.from([answer.headers.warning].flat().join(', '), 'latin1').toString()
    expect(sent).toBe('299 - "say \\"hi\\"", 299 - "zwölf – second"')
  })

  it('reads bodies up to the limit', async () => {
    const most = new Uint8Array(3 * 1024 * 1024).fill(98)
    const fits = await call('/echo', { method: 'POST', body: most })
    expect([fits.status, fits.body.length]).toEqual([201, most.length])
    expect((await call('/echo', { method: 'POST' })).body.length).toBe(0)
  })

  it('refuses an announced body above the limit without reading it', async () => {
    const answer = await call('/echo', {
      method: 'POST',
      headers: { 'content-length': '3145729' },
      body: new Uint8Array(3145729),
    })
    expect(answer.status).toBe(413)
    expect(answer.body.toString()).toBe('Request entity too large: limit is 3145728')
  })

  it('sends a large response whole, compressed only for who asks', async () => {
    const plain = await call('/big')
    expect(plain.body.length).toBe(300_000)
    expect(plain.headers['content-encoding']).toBeUndefined()
    const packed = await call('/big', { headers: { 'accept-encoding': 'gzip' } })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true)
    expect(
      (await call('/warn', { headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding'],
    ).toBe(undefined)
  })

  it.each([10, 3000])('streams a list whose maker waits, of %d pieces', async (count) => {
    const plain = await call(`/patient?pieces=${count}`)
    const headers = { 'accept-encoding': 'gzip' }
    const asked = await call(`/patient?pieces=${count}`, { headers })
    const packed = asked.headers['content-encoding'] === 'gzip'
    expect(packed).toBe(count > 1000)
    expect((packed ? gunzipSync(asked.body) : asked.body).equals(plain.body)).toBe(true)
    expect(plain.body.length).toBe(count * 100)
  })

  it('streams a list with back-pressure, compressed for who asks', async () => {
    expect((await call('/list')).body.length).toBe(400_000)
    const packed = await call('/list', { headers: { 'accept-encoding': 'gzip' } })
    expect(gunzipSync(packed.body).length).toBe(400_000)
  })

  it('tells who showed a certificate', async () => {
    const client = pki.client('t', { commonName: 't' })
    expect((await call('/who', { cert: client })).body.toString()).toBe('client')
    expect((await call('/who', { cert: pki.frontProxyClient })).body.toString()).toBe('front-proxy')
    expect((await call('/who')).body.toString()).toBe('nobody')
    expect((await call('/who', { cert: stranger() })).body.toString()).toMatch(/UNABLE|CERT/)
  })

  it('answers HEAD without a body', async () => {
    const answer = await call('/warn', { method: 'HEAD' })
    expect([answer.status, answer.body.length]).toEqual([200, 0])
  })
})

describe('startHttpServer()', () => {
  it('keeps a watch open, and tells when the client goes', async () => {
    const session = http2.connect(`https://127.0.0.1:${server.port}`, { ca: pki.ca.certificatePem })
    const request = session.request({ ':path': '/watch' })
    const expected = '{"type":"ADDED"}\n{"type":"MODIFIED"}\n'
    let text = ''
    await new Promise<void>((resolve) =>
      request.on('data', (chunk) => {
        text += chunk
        if (text.length >= expected.length) resolve()
      }),
    )
    expect(text).toBe(expected)
    const sink = sinks.pop()
    const gone = new Promise<void>((resolve) => sink?.onClose(resolve))
    request.close()
    await gone
    session.close()
  })

  const webSocket = (origin: string | undefined, protocols: string[] = []): WebSocket =>
    new WebSocket(`wss://127.0.0.1:${server.port}/watch`, protocols, {
      ca: pki.ca.certificatePem,
      ...(origin === undefined ? {} : { origin }),
    })

  it.each([
    [403, undefined, []],
    [403, 'null', []],
    [400, 'http://page', ['one', 'two']],
  ])(
    'refuses a watch as a WebSocket with %i that comes from %s with the protocols %j',
    async (status, origin, protocols) => {
      const socket = webSocket(origin, protocols)
      socket.on('error', () => {})
      const refused = await new Promise<IncomingMessage>((resolve) => {
        socket.once('unexpected-response', (_request, response) => resolve(response))
      })
      expect(refused.statusCode).toBe(status)
      refused.resume()
    },
  )

  it('serves a watch as a WebSocket, one event in each message', async () => {
    const socket = webSocket('http://page')
    const messages: string[] = []
    await new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        messages.push(data.toString())
        if (messages.length === 2) resolve()
      })
    })
    expect(messages).toEqual(['{"type":"ADDED"}', '{"type":"MODIFIED"}'])
    sinks.pop()?.end()
    await new Promise((resolve) => socket.once('close', resolve))
  })

  const upgrade = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = https.request({
        host: '127.0.0.1',
        port: server.port,
        path,
        headers: { connection: 'Upgrade', upgrade: 'test' },
        ca: pki.ca.certificatePem,
        agent: false,
      })
      request.on('upgrade', (_response, socket) => {
        socket.once('data', (data: Buffer) => {
          resolve(data.toString())
          socket.end()
        })
        socket.write('ping')
      })
      request.on('response', (response) => {
        response.resume()
        resolve(String(response.statusCode))
      })
      request.on('error', reject)
      request.end()
    })

  it('hands over an upgraded connection, or answers as usual', async () => {
    expect(await upgrade('/shell')).toBe('ping')
    expect(await upgrade('/nothing')).toBe('404')
  })

  it('refuses a body that grows above the limit', async () => {
    const status = await new Promise((resolve, reject) => {
      const request = https.request(
        {
          host: '127.0.0.1',
          port: server.port,
          path: '/echo',
          method: 'POST',
          ca: pki.ca.certificatePem,
          agent: false,
        },
        (response) => {
          resolve(response.statusCode)
          response.resume()
          request.destroy()
        },
      )
      request.on('error', reject)
      request.write(new Uint8Array(2 * 1024 * 1024))
      request.write(new Uint8Array(2 * 1024 * 1024))
    })
    expect(status).toBe(413)
  })

  it('does not wait for the rest of a request that has its answer', async () => {
    const socket = tls.connect({
      ...{ host: '127.0.0.1', port: server.port, ca: pki.ca.certificatePem, ALPNProtocols: ['http/1.1'] },
    })
    const answers: string[] = []
    socket.on('data', (bytes) => answers.push(String(bytes)))
    socket.on('error', () => {}) // what it still sends is refused
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegin')
    await closed
    expect(answers.join('')).toContain('nobody')
  })

  it('refuses a head above the limit', async () => {
    const small = await start({ maxHeaderBytes: 10_000 })
    const status = await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: small.port, ca: pki.ca.certificatePem, agent: false }
      const request = https.get({ ...options, path: `/${'x'.repeat(20_000)}` }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
    })
    expect(status).toBe(431)
    await small.close(0)
  })

  const send = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = tls.connect({
        ...{ host: '127.0.0.1', port: server.port, ca: pki.ca.certificatePem, ALPNProtocols: ['http/1.1'] },
      })
      let answer = ''
      socket.on('data', (bytes) => {
        answer += bytes
      })
      socket.on('error', () => {}) // what it still sends is refused
      socket.once('close', () => resolve(answer))
      socket.write(text)
    })

  it.each([
    [
      'a path of two megabytes',
      `GET /${'x'.repeat(2_000_000)} HTTP/1.1\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
    ['what is no request', 'nonsense\r\n\r\n', '400 Bad Request'],
  ])('says what is wrong with %s', async (_name, text, words) => {
    expect(await send(text)).toBe(
      `HTTP/1.1 ${words}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${words}`,
    )
  })

  it('takes thousands of small headers', async () => {
    const headers = Array.from({ length: 5000 }, (_, index) => `X-${index}: 1\r\n`).join('')
    expect(await send(`GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)).toContain(
      '200 OK',
    )
  })

  it('close() ends watches at once and breaks what does not end within the grace', async () => {
    const other = await start()
    const session = http2.connect(`https://127.0.0.1:${other.port}`, { ca: pki.ca.certificatePem })
    session.on('error', () => {})
    const watch = session.request({ ':path': '/watch' })
    await new Promise((resolve) => watch.once('data', resolve))
    const sink = sinks.pop()
    const gone = new Promise<void>((resolve) => sink?.onClose(resolve))
    const hanging = session.request({ ':path': '/hang' })
    hanging.on('error', () => {})
    hanging.on('close', () => {})
    watch.resume()
    const ended = new Promise((resolve) => watch.once('end', resolve))
    const closing = other.close(100)
    await ended
    await gone
    expect(sink?.write(new Uint8Array(1))).toBe(true)
    await closing
  })

  it('rejects where the port is taken', async () => {
    await expect(
      startHttpServer({
        host: realHost,
        logger: silentLogger,
        handler,
        address: '127.0.0.1',
        port: server.port,
        certificatePem: pki.apiServer.certificatePem,
        keyPem: pki.apiServer.keyPem,
      }),
    ).rejects.toThrow(/EADDRINUSE/)
  })
})
