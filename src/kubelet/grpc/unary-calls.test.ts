import { mkdtempSync, rmSync } from 'node:fs'
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { UnaryCalls } from './unary-calls.ts'

const folder = mkdtempSync(join(tmpdir(), 'timonel-unary-'))
const socket = join(folder, 'socket')
afterAll(() => rmSync(folder, { recursive: true }))

/** Messages of `length` bytes. */
const message = (length: number): Buffer => Buffer.from([0, 0, 0, 0, length, ...new Array(length).fill(7)])

let answer: (stream: ServerHttp2Stream, asked: Buffer) => void = () => {}
let arrived: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void = () => {}
let server: Http2Server
let calls: UnaryCalls
/** All streams that there are will be answered. */
const lastStream = 2 ** 31 - 1
const sessions = new Set<ServerHttp2Session>()

function listen(): Promise<void> {
  server = createServer()
  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream, headers) => {
    arrived(stream, headers)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => {})
    stream.on('end', () => answer(stream, Buffer.concat(chunks)))
  })
  return new Promise((resolve) => server.listen(socket, resolve))
}

async function close(): Promise<void> {
  for (const session of sessions) session.destroy()
  sessions.clear()
  await new Promise((resolve) => server.close(resolve))
}

const ok = (stream: ServerHttp2Stream, parts: readonly Buffer[]): void => {
  stream.respond({ ':status': 200 }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  for (const part of parts) stream.write(part)
  stream.end()
}

const call = (timeoutMs?: number, headers = {}): Promise<Buffer> =>
  calls.call({ path: '/test/Call', request: Buffer.from('hello'), headers, timeoutMs })

/** The server takes no more calls over its connection; resolves when another has been made. */
async function leave(): Promise<void> {
  for (const session of sessions) session.goaway(constants.NGHTTP2_NO_ERROR, lastStream)
  // A call that meets the notice on its way was not begun.
  const refused = { code: 'Unavailable' }
  while (sessions.size === 1) await call().catch((error: unknown) => expect(error).toMatchObject(refused))
}

beforeEach(async () => {
  arrived = () => {}
  calls = new UnaryCalls(socket, 100)
  await listen()
})

afterEach(async () => {
  calls.close()
  await close()
})

test('call() sends a message behind its length, and puts the parts of an answer together', async () => {
  const seen: Buffer[] = []
  answer = (stream, asked) => {
    seen.push(asked)
    ok(stream, [message(3).subarray(0, 2), message(3).subarray(2)])
  }
  expect([...(await call())]).toEqual([7, 7, 7])
  expect(seen[0]?.toString()).toBe('\0\0\0\0\u0005hello')
})

test.each([
  [undefined, undefined],
  [600_000.5, '600001m'],
  // A day's grace period, and two minutes.
  [86_520_000, '86520000m'],
  [172_920_001, '172921S'],
  [2 ** 32, '4294968S'],
  [2 ** 53, '99999999H'],
])('call(%d) says what it is and how long it may take: %s', async (timeoutMs, text) => {
  answer = (stream) => void setTimeout(() => ok(stream, [message(0)]), 20)
  const seen: IncomingHttpHeaders[] = []
  arrived = (_, headers) => seen.push(headers)
  await call(timeoutMs, { 'containerd-namespace': 'k8s.io' })
  expect(seen).toMatchObject([
    {
      ...{ ':method': 'POST', ':path': '/test/Call', 'content-type': 'application/grpc', te: 'trailers' },
      'containerd-namespace': 'k8s.io',
    },
  ])
  expect(seen[0]?.['grpc-timeout']).toBe(text)
})

test('an answer may be an empty message', async () => {
  answer = (stream) => ok(stream, [message(0)])
  expect((await call()).length).toBe(0)
})

test('a status becomes an error, from a head alone as well', async () => {
  answer = (stream) =>
    stream.respond(
      { ':status': 200, 'grpc-status': '5', 'grpc-message': 'no%20such thing: %e2%82%ac' },
      { endStream: true },
    )
  await expect(call()).rejects.toMatchObject({ code: 'NotFound', message: 'no such thing: €' })
  answer = (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '2', 'grpc-message': '100% wrong' }))
    stream.end()
  }
  await expect(call()).rejects.toMatchObject({ code: 'Unknown', message: '100% wrong' })
})

test('an answer that is not one message, or too large a one, is an error', async () => {
  answer = (stream) => ok(stream, [message(3).subarray(0, 4)])
  await expect(call()).rejects.toMatchObject({ code: 'Unknown', message: expect.stringContaining('whole') })
  answer = (stream) => ok(stream, [message(101)])
  await expect(call()).rejects.toMatchObject({ code: 'Unknown', message: expect.stringContaining('larger') })
})

test('a call that is not answered in time fails, and the server is told', async () => {
  answer = (stream) => ok(stream, [message(0)])
  await call() // there is a connection, so that the server gets to know of the next call
  answer = () => {}
  const told = new Promise((resolve) => {
    arrived = (stream) => stream.on('close', () => resolve(stream.rstCode))
  })
  await expect(call(20)).rejects.toMatchObject({ code: 'DeadlineExceeded' })
  expect(await told).toBe(8)
})

test('what was under way when the connection was lost fails; the next call makes it anew', async () => {
  answer = () => {
    for (const session of sessions) session.destroy()
  }
  await expect(call()).rejects.toMatchObject({ code: 'Unavailable' })
  answer = (stream) => ok(stream, [message(1)])
  expect((await call()).length).toBe(1)
})

test('a connection that takes no more calls ends with those under way; the next call makes another', async () => {
  const slow = Promise.withResolvers<ServerHttp2Stream>()
  answer = slow.resolve
  const first = call()
  const stream = await slow.promise
  answer = (another) => ok(another, [message(1)])
  await leave()
  ok(stream, [message(2)])
  expect((await first).length).toBe(2)
})

test('while nobody listens calls fail, as soon as somebody does they do not', async () => {
  await close()
  await expect(call()).rejects.toMatchObject({
    code: 'Unavailable',
    message: `connection error: desc = "transport: Error while dialing: dial unix ${socket}: connect: no such file or directory"`,
  })
  await listen()
  answer = (stream) => ok(stream, [message(2)])
  expect((await call()).length).toBe(2)
})

test('close() ends what is under way, over connections that take no more calls as well', async () => {
  const slow = Promise.withResolvers<ServerHttp2Stream>()
  answer = slow.resolve
  const first = expect(call()).rejects.toMatchObject({ code: 'Canceled' })
  await slow.promise
  answer = (stream) => ok(stream, [message(0)])
  await leave()
  calls.close()
  await first
})

test('close() ends what is under way, and what comes after', async () => {
  answer = () => calls.close()
  await expect(call()).rejects.toMatchObject({ code: 'Canceled' })
  await expect(call()).rejects.toMatchObject({ code: 'Canceled' })
})
