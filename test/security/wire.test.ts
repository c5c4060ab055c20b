import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ground } from './support/ground.ts'
import { end, errorCode, field, frame, frameType, getHead, uint32, Wire } from './support/wire.ts'

const guest = 'guest'
const maps = '/api/v1/namespaces/default/configmaps'
const mebibyte = 1024 * 1024

let ground: Ground
/** A client that has nothing to do with any of it. */
let other: Wire

beforeAll(async () => {
  ground = await Ground.start()
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const apiGroup = 'rbac.authorization.k8s.io'
  await ground.api.create(`${rbac}/clusterroles`, {
    metadata: { name: guest },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
  })
  await ground.api.create(`${rbac}/clusterrolebindings`, {
    metadata: { name: guest },
    roleRef: { apiGroup, kind: 'ClusterRole', name: guest },
    subjects: [{ kind: 'User', apiGroup, name: guest }],
  })
  for (let index = 0; index < 20; index++)
    await ground.api.create(maps, {
      metadata: { name: `large-${index}` },
      data: { a: 'x'.repeat(1_000_000) },
    })
  other = await Wire.open(ground, 'h2', 'other')
})
afterAll(async () => {
  other?.close()
  await ground?.stop()
})

const all = end.stream | end.headers
const get = getHead(`${maps}?limit=1`)
const list = getHead(maps)
/** The numbers of so many requests. */
const requests = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => 2 * index + 1)
const times = (count: number, bytes: Buffer): readonly Buffer[] => Array<Buffer>(count).fill(bytes)

let pings = 0
/** The one who has nothing to do with it is served on its connection, and a newcomer on another. */
async function expectOthersServed(): Promise<void> {
  const payload = Buffer.alloc(8)
  payload.writeUInt32BE(++pings, 0)
  other.socket.write(frame(frameType.ping, 0, 0, payload))
  await expect
    .poll(() =>
      other.heard.frames.some((each) => each.type === frameType.ping && each.payload.equals(payload)),
    )
    .toBe(true)
  expect((await ground.send({ path: '/readyz' })).status).toBe(200)
}

describe('HTTP/2 that is meant to harm', () => {
  const rapidly = (reset: Buffer): readonly Buffer[] =>
    requests(5000).flatMap((id) => [
      frame(frameType.headers, all, id, get),
      frame(frameType.reset, 0, id, reset),
    ])
  const floods: Readonly<Record<string, readonly Buffer[]>> = {
    'requests that are taken back at once': rapidly(uint32(8)),
    'requests that are taken back as if refused': rapidly(uint32(7)),
    'requests that are made invalid at once': requests(5000).flatMap((id) => [
      frame(frameType.headers, end.headers, id, get),
      frame(frameType.window, 0, id, uint32(0)),
      frame(frameType.reset, 0, id, uint32(8)),
    ]),
    'requests that are cut off by data after their end': requests(5000).flatMap((id) => [
      frame(frameType.headers, all, id, get),
      frame(frameType.data, 0, id, Buffer.from('x')),
      frame(frameType.reset, 0, id, uint32(8)),
    ]),
    'resets of one stream': [
      frame(frameType.headers, all, 1, list),
      ...times(5000, frame(frameType.reset, 0, 1, uint32(8))),
    ],
    'continuations without anything': [
      frame(frameType.headers, 0, 1, get),
      ...times(5000, frame(frameType.continuation, 0, 1)),
    ],
    'continuations of many fields': [
      frame(frameType.headers, 0, 1, get),
      ...times(500, frame(frameType.continuation, 0, 1, Buffer.concat(times(1000, field('x', 'y'))))),
    ],
    pings: times(5000, frame(frameType.ping, 0, 0, Buffer.alloc(8))),
    settings: times(5000, frame(frameType.settings, 0, 0)),
    'data without anything': [
      frame(frameType.headers, end.headers, 1, get),
      ...times(5000, frame(frameType.data, 0, 1)),
    ],
    priorities: times(5000, frame(frameType.priority, 0, 1, Buffer.alloc(5))),
  }

  test.each(Object.entries(floods))('a flood of %s ends its connection', async (_what, frames) => {
    const wire = await Wire.open(ground, 'h2')
    wire.socket.write(Buffer.concat([...frames]))
    await wire.closed
    expect([errorCode.calm, errorCode.protocol, undefined]).toContain(wire.heard.goAway)
    await expectOthersServed()
  })

  const wrong: Readonly<Record<string, readonly [code: number, bytes: readonly Buffer[]]>> = {
    'a continuation of another stream': [
      errorCode.protocol,
      [frame(frameType.headers, 0, 1, get), frame(frameType.continuation, end.headers, 3, get)],
    ],
    'something between a head and its continuation': [
      errorCode.protocol,
      [frame(frameType.headers, 0, 1, get), frame(frameType.ping, 0, 0, Buffer.alloc(8))],
    ],
    'a head that refers to what is not there': [
      errorCode.compression,
      [frame(frameType.headers, all, 1, Buffer.from('ff80808010', 'hex'))],
    ],
    'a number without end in a head': [
      errorCode.compression,
      [frame(frameType.headers, all, 1, Buffer.alloc(200, 0xff))],
    ],
    'a table beyond all bounds': [
      errorCode.compression,
      [frame(frameType.headers, all, 1, Buffer.from('3fe1ffffff07', 'hex'))],
    ],
    'a window beyond all bounds': [
      errorCode.flowControl,
      [frame(frameType.window, 0, 0, uint32(2 ** 31 - 1))],
    ],
    'a push': [errorCode.protocol, [frame(frameType.push, end.headers, 1, get)]],
    'data of nothing': [errorCode.protocol, [frame(frameType.data, 0, 1, Buffer.from('x'))]],
  }

  test.each(Object.entries(wrong))('%s ends its connection', async (_what, [code, frames]) => {
    const wire = await Wire.open(ground, 'h2')
    wire.socket.write(Buffer.concat([...frames]))
    await wire.closed
    expect(wire.heard.goAway).toBe(code)
    await expectOthersServed()
  })

  const heads: Readonly<Record<string, Buffer>> = {
    'a line break in a value': Buffer.concat([get, field('x-a', 'b\r\nimpersonate-user: admin')]),
    'a NUL in a value': Buffer.concat([get, field('x-a', 'b\0c')]),
    'a line break in a name': Buffer.concat([get, field('x\r\nimpersonate-user', 'admin')]),
    'a colon in a name': Buffer.concat([get, field('x:y', 'z')]),
    'a name in capitals': Buffer.concat([get, field('Impersonate-User', 'admin')]),
    'a space after a name': Buffer.concat([get, field('impersonate-user ', 'admin')]),
    'transfer-encoding': Buffer.concat([get, field('transfer-encoding', 'chunked')]),
    connection: Buffer.concat([get, field('connection', 'x-remote-user')]),
    upgrade: Buffer.concat([get, field('upgrade', 'h2c')]),
    'a length that is not so': Buffer.concat([get, field('content-length', '7')]),
    'two lengths': Buffer.concat([get, field('content-length', '0'), field('content-length', '7')]),
    'two paths': Buffer.concat([get, field(':path', '/readyz')]),
    'a path after other fields': Buffer.concat([getHead('/readyz'), field('x', 'y'), field(':path', maps)]),
    'no method': Buffer.concat([field(':scheme', 'https'), field(':path', maps)]),
    'an unknown field of the protocol': Buffer.concat([get, field(':protocol', 'websocket')]),
  }

  test.each(Object.entries(heads))('a head with %s is no request', async (_what, block) => {
    const wire = await Wire.open(ground, 'h2')
    wire.socket.write(frame(frameType.headers, all, 1, block))
    const answered = () =>
      wire.heard.frames.find(({ type, streamId }) => type !== frameType.settings && streamId === 1)
    await expect.poll(() => answered()?.type).toBe(frameType.reset)
    expect(answered()?.payload.readUInt32BE(0)).toBe(errorCode.protocol)
    wire.close()
  })

  test('a head that grows out of the table is too large', async () => {
    const wire = await Wire.open(ground, 'h2')
    const large = Buffer.concat([
      Buffer.from([0x40, 1]),
      Buffer.from('a'),
      Buffer.from('7fe11d', 'hex'),
      Buffer.alloc(4064, 'x'),
    ])
    const block = Buffer.concat([get, large, Buffer.alloc(8000, 0xbe)])
    wire.socket.write(frame(frameType.headers, all, 1, block))
    await expect.poll(() => wire.heard.frames.some(({ streamId }) => streamId === 1)).toBe(true)
    await expectOthersServed()
    wire.close()
  })
})

describe('clients that take or give little', () => {
  test('those who do not read what they ask for cost little', async () => {
    const before = process.memoryUsage().arrayBuffers
    const wires = await Promise.all(Array.from({ length: 4 }, () => Wire.open(ground, 'h2')))
    // 800 lists of 20 MB each, into windows of nothing.
    for (const { socket } of wires) {
      socket.write(frame(frameType.settings, 0, 0, Buffer.from('000400000000', 'hex')))
      socket.write(Buffer.concat(requests(200).map((id) => frame(frameType.headers, all, id, list))))
    }
    await expectOthersServed()
    await expect
      .poll(() => wires.some(({ heard }) => heard.frames.some(({ type }) => type === frameType.headers)))
      .toBe(true)
    await expectOthersServed()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * mebibyte)
    for (const wire of wires) wire.close()
  })

  test('watchers who do not read are left behind', async () => {
    const before = process.memoryUsage().arrayBuffers
    const wire = await Wire.open(ground, 'h2')
    wire.socket.write(frame(frameType.settings, 0, 0, Buffer.from('000400000000', 'hex')))
    const watch = getHead(`${maps}?watch=1`)
    wire.socket.write(Buffer.concat(requests(100).map((id) => frame(frameType.headers, all, id, watch))))
    for (let index = 0; index < 40; index++)
      await ground.api.patch(`${maps}/large-0`, { data: { b: `${index}` } })
    await expectOthersServed()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(400 * mebibyte)
    wire.close()
  })

  test('requests whose bodies never come leave room for others', async () => {
    const wire = await Wire.open(ground, 'h2')
    const post = Buffer.concat([
      ...[field(':method', 'POST'), field(':scheme', 'https'), field(':path', maps)],
      field('content-length', '3000000'),
    ])
    const frames = requests(400).map((id) => frame(frameType.headers, end.headers, id, post))
    wire.socket.write(Buffer.concat(frames))
    // The 250 that may be under way at a time are answered: nobody reads a body that will be refused.
    await expect.poll(() => wire.heard.frames.some(({ type }) => type === frameType.reset)).toBe(true)
    await expectOthersServed()
    wire.close()
  })
})

describe('HTTP/1.1 that hides a request in another', () => {
  const hidden = `GET ${maps} HTTP/1.1\r\nHost: x\r\n\r\n`
  const request = (head: string, body = ''): string =>
    `POST /readyz HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${body}`
  const length = `Content-Length: ${hidden.length}`
  const chunked = 'Transfer-Encoding: chunked'
  const smuggled: Readonly<Record<string, string>> = {
    'a length and chunks': request(`${length}\r\n${chunked}`, `0\r\n\r\n${hidden}`),
    'chunks and a length': request(`${chunked}\r\nContent-Length: 4`, `0\r\n\r\n${hidden}`),
    'two lengths': request(`Content-Length: 0\r\n${length}`, hidden),
    'a length with a sign': request(`Content-Length: +${hidden.length}`, hidden),
    'a length in hexadecimal': request('Content-Length: 0x10', hidden),
    'two lengths in one': request(`Content-Length: 0, ${hidden.length}`, hidden),
    'a length below nothing': request('Content-Length: -1', hidden),
    'a length without end': request(`Content-Length: ${'9'.repeat(40)}`, hidden),
    'a space before the colon': request('Content-Length : 0', hidden),
    'a coding of another kind': request('Transfer-Encoding: xchunked', `0\r\n\r\n${hidden}`),
    'chunks that are not the last coding': request(
      'Transfer-Encoding: chunked, identity',
      `0\r\n\r\n${hidden}`,
    ),
    'a chunk of no number': request(chunked, `x\r\n\r\n${hidden}`),
    'a chunk beyond all bounds': request(chunked, `ffffffffffffffffff\r\n\r\n${hidden}`),
    'a chunk that is longer than it says': request(chunked, `1\r\nxx\r\n0\r\n\r\n${hidden}`),
    'a line that goes on': request('X: y\r\n\tz', hidden).replace('POST /readyz', 'GET /read\0yz'),
    'a NUL in a header': request('X: \0', hidden),
    'a header without a name': request(': x', hidden),
    'a header without a colon': request('x', hidden),
    'a line break alone': request(`X: y\n${length}`, hidden),
    'a method that is none': 'G@T / HTTP/1.1\r\nHost: x\r\n\r\n',
    'a version that is none': 'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
    'a space in the target': `GET /readyz ${maps} HTTP/1.1\r\nHost: x\r\n\r\n`,
    'two hosts': `GET /readyz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${hidden}`,
    'two hosts, one in capitals': `GET /readyz HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n`,
    'no host': 'GET /readyz HTTP/1.1\r\n\r\n',
    'HTTP/2 over HTTP/1.1': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  }

  test.each(Object.entries(smuggled))(
    '%s is refused, and what is hidden not answered',
    async (_what, text) => {
      const wire = await Wire.open(ground, 'http/1.1')
      wire.socket.write(text)
      await expect.poll(() => wire.text).toMatch(/^HTTP\/1\.1 4\d\d /)
      await wire.closed
      expect(wire.text.match(/^HTTP\/1\.1/gm)).toHaveLength(1)
    },
  )
})
