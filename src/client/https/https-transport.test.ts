import { mkdtempSync, rmSync } from 'node:fs'
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Transport } from '../../apimachinery/transport.ts'
import { startHttpServer } from '../../apiserver/http/http-server.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
// Only a test may look across: certificates are the composition root's.
import { ensurePki, type Pki } from '../../cluster/pki/ensure-pki.ts'
import { describeTransport } from '../testing/transport-conformance.ts'
import { createHttpsTransport, type HttpsTransportOptions } from './https-transport.ts'

let directory: string
let pki: Pki

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'timonel-https-'))
  pki = await ensurePki(directory, {
    host: realHost,
    serverNames: [],
    serviceAddress: '10.96.0.1',
    clusterDomain: 'cluster.local',
  })
})

afterAll(() => rmSync(directory, { recursive: true }))

const connect = (
  port: number,
  options: Pick<HttpsTransportOptions, 'token' | 'beforeSend'> = {},
): Transport =>
  createHttpsTransport({
    host: realHost,
    server: `https://127.0.0.1:${port}`,
    certificateAuthority: pki.ca.certificatePem,
    ...options,
  })

describeTransport('HttpsTransport', async () => {
  const { server, close } = await startTestServer()
  const http = await startHttpServer({
    host: realHost,
    logger: silentLogger,
    handler: (request) => server.handle(request),
    address: '127.0.0.1',
    port: 0,
    certificatePem: pki.apiServer.certificatePem,
    keyPem: pki.apiServer.keyPem,
    clientAuthorities: { client: pki.ca.certificatePem },
  })
  return {
    transport: connect(http.port),
    close: async () => {
      await http.close(0)
      await close()
    },
  }
})

type Serve = (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void

describe('HttpsTransport with servers of all sorts', () => {
  /** A server that does what the test wants. */
  async function serving(
    serve: Serve,
    port = 0,
  ): Promise<{ readonly port: number; readonly server: Http2SecureServer; close(): Promise<void> }> {
    const server = createSecureServer({ cert: pki.apiServer.certificatePem, key: pki.apiServer.keyPem })
    const sessions = new Set<{ destroy(): void }>()
    server.on('session', (session) => sessions.add(session))
    server.on('stream', (stream, headers) => serve(stream, headers))
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return {
      port: (server.address() as AddressInfo).port,
      server,
      close: async () => {
        const closed = new Promise((resolve) => server.close(resolve))
        for (const session of sessions) session.destroy()
        await closed
      },
    }
  }

  const answer = (stream: ServerHttp2Stream, code: number, body: unknown, headers = {}): void => {
    stream.respond({ ':status': code, 'content-type': 'application/json', ...headers })
    stream.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const read = (transport: Transport, path = '/version') => transport.request({ method: 'GET', path })

  test('asks in the last moment whether a request may go out, and again when it has to go again', async () => {
    const seen: unknown[] = []
    const server = await serving((stream, headers) => {
      seen.push(headers[':method'])
      stream.on('error', () => {})
      if (seen.length === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM)
      else answer(stream, 200, {})
    })
    let isAllowed = true
    const asked: string[] = []
    const transport = connect(server.port, {
      beforeSend: ({ method }) => {
        asked.push(method)
        if (!isAllowed) throw new Error('the lease is over')
      },
    })
    // Its connection is not there yet, and meanwhile the right to write ends.
    const early = transport.request({ method: 'PUT', path: '/early', body: {} })
    isAllowed = false
    await expect(early).rejects.toThrow('the lease is over')
    expect(seen).toEqual([])
    isAllowed = true
    await transport.request({ method: 'POST', path: '/late', body: {} })
    expect(asked).toEqual(['PUT', 'POST', 'POST'])
    expect(seen).toEqual(['POST', 'POST'])
    await transport.close()
    await server.close()
  })

  test('sends what it is told, with the token of the moment', async () => {
    const seen: Record<string, unknown>[] = []
    const server = await serving((stream, headers) => {
      seen.push(headers)
      answer(stream, 200, { ok: true }, { warning: ['299 - "say \\"hi\\""', '299 - "second"'] })
    })
    let token = 'first'
    const transport = connect(server.port, { token: () => token })
    const query = { labelSelector: 'a in (b, c)' }
    const { warnings, body } = await transport.request({ method: 'GET', path: '/api/v1/pods', query })
    token = 'second'
    await read(transport)
    expect(body).toEqual({ ok: true })
    expect(warnings).toEqual(['say "hi"', 'second'])
    expect(seen[0]?.[':path']).toBe('/api/v1/pods?labelSelector=a+in+%28b%2C+c%29')
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer first', 'Bearer second'])
    await transport.close()
    await server.close()
  })

  test.each([
    { code: 503, body: 'upstream is away', reason: 'ServiceUnavailable' },
    { code: 404, body: 'page not found', reason: 'NotFound' },
    { code: 500, body: 'oops', reason: 'InternalError' },
    { code: 429, body: '', reason: 'TooManyRequests' },
  ])('makes $reason of an answer of $code without a Status', async ({ code, body, reason }) => {
    const server = await serving((stream) => answer(stream, code, body))
    const transport = connect(server.port)
    await expect(read(transport)).rejects.toMatchObject({ code, reason })
    await transport.close()
    await server.close()
  })

  test('throws ServiceUnavailable while there is no server, and finds it when it comes', async () => {
    const first = await serving((stream) => answer(stream, 200, { n: 1 }))
    const transport = connect(first.port)
    expect((await read(transport)).body).toEqual({ n: 1 })
    await first.close()
    await expect(read(transport)).rejects.toMatchObject({ reason: 'ServiceUnavailable', code: 503 })
    const second = await serving((stream) => answer(stream, 200, { n: 2 }), first.port)
    expect((await read(transport)).body).toEqual({ n: 2 })
    await transport.close()
    await second.close()
  })

  test('refuses a server whose certificate another authority has signed', async () => {
    const server = await serving((stream) => answer(stream, 200, {}))
    const transport = createHttpsTransport({
      host: realHost,
      server: `https://127.0.0.1:${server.port}`,
      certificateAuthority: pki.frontProxyCa.certificatePem,
    })
    await expect(read(transport)).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
    await transport.close()
    await server.close()
  })

  test('goes on over another connection after GOAWAY, and ends what was begun', async () => {
    let sessions = 0
    let release: (() => void) | undefined
    const server = await serving((stream, headers) => {
      if (headers[':path'] === '/slow') {
        release = () => answer(stream, 200, { slow: true })
        stream.session?.goaway()
      } else {
        answer(stream, 200, { fast: true })
      }
    })
    server.server.on('session', () => sessions++)
    const transport = connect(server.port)
    const slow = read(transport, '/slow')
    while (release === undefined) await realHost.nextTurn()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await read(transport)).body).toEqual({ fast: true })
    release()
    expect((await slow).body).toEqual({ slow: true })
    expect(sessions).toBe(2)
    await transport.close()
    await server.close()
  })

  test('ends a watch with ServiceUnavailable when the connection breaks in its midst', async () => {
    const server = await serving((stream) => {
      stream.respond({ ':status': 200 })
      stream.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n{"type":"ADD')
      setTimeout(() => stream.session?.destroy(), 50)
    })
    const transport = connect(server.port)
    const names: unknown[] = []
    const watching = (async () => {
      for await (const batch of transport.watch({ method: 'GET', path: '/api/v1/pods' })) {
        names.push(...batch.map(({ object }) => object.metadata?.name))
      }
    })()
    await expect(watching).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
    expect(names).toEqual(['a'])
    await transport.close()
    await server.close()
  })

  test('puts lines together that come in pieces', async () => {
    const server = await serving((stream) => {
      stream.respond({ ':status': 200 })
      const text = '{"type":"ADDED","object":{"metadata":{"name":"ü"}}}\n{"type":"MODIFIED","object":{}}\n'
      const bytes = Buffer.from(text)
      const pieces = Array.from({ length: bytes.length }, (_, index) => bytes.subarray(index, index + 1))
      const send = (): void => {
        const piece = pieces.shift()
        if (piece === undefined) stream.end()
        else stream.write(piece, send)
      }
      send()
    })
    const transport = connect(server.port)
    const batches = await Array.fromAsync(transport.watch({ method: 'GET', path: '/api/v1/pods' }))
    expect(batches.flat().map(({ type, object }) => [type, object.metadata?.name])).toEqual([
      ['ADDED', 'ü'],
      ['MODIFIED', undefined],
    ])
    await transport.close()
    await server.close()
  })
})
