import { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { realHost } from '../../../base/host/real-host.ts'
import { defaultHttpLimits } from '../limits.ts'
import { FrameWriter } from './frame-writer.ts'
import { H2Session } from './h2-session.ts'
import type { H2Stream } from './h2-stream.ts'
import { errorCode, flag, frameType, preface } from './protocol.ts'
import { TurnEnd } from './turn-end.ts'

interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

function frame(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header.writeUInt8(type, 3)
  header.writeUInt8(flags, 4)
  header.writeUInt32BE(streamId, 5)
  return Buffer.concat([header, payload])
}

function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}

/** `POST /` and `GET /` over HTTPS. */
const post = Buffer.from('83878441 0161'.replace(' ', ''), 'hex')
const get = Buffer.from('82878441 0161'.replace(' ', ''), 'hex')
const all = flag.endHeaders | flag.endStream

/** A session whose socket is a buffer on either side. */
class Wire {
  readonly streams: H2Stream[] = []
  readonly session: H2Session
  readonly #socket: Duplex
  #sent = Buffer.alloc(0)

  constructor(limits = {}) {
    this.#socket = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        this.#sent = Buffer.concat([this.#sent, chunk])
        done()
      },
    })
    this.session = new H2Session({
      socket: this.#socket,
      host: realHost,
      limits: { ...defaultHttpLimits, ...limits },
      writer: new FrameWriter(),
      turnEnd: new TurnEnd(),
      onStream: (stream) => this.streams.push(stream),
      onError: () => {},
    })
  }

  /** Greets first. */
  static async open(limits = {}): Promise<Wire> {
    const wire = new Wire(limits)
    await wire.say(preface, frame(frameType.settings, 0, 0))
    await wire.heard()
    return wire
  }

  async say(...bytes: readonly Buffer[]): Promise<void> {
    this.#socket.push(Buffer.concat(bytes))
    for (let turn = 0; turn < 3; turn++) await realHost.nextTurn()
  }

  /** What has come since. */
  async heard(): Promise<readonly Frame[]> {
    for (let turn = 0; turn < 3; turn++) await realHost.nextTurn()
    const frames: Frame[] = []
    let at = 0
    while (at < this.#sent.length) {
      const end = at + 9 + this.#sent.readUIntBE(at, 3)
      const [type = 0, flags = 0] = this.#sent.subarray(at + 3, at + 5)
      const streamId = this.#sent.readUInt32BE(at + 5)
      frames.push({ type, flags, streamId, payload: this.#sent.subarray(at + 9, end) })
      at = end
    }
    this.#sent = Buffer.alloc(0)
    return frames
  }

  close(): void {
    this.session.destroy()
  }
}

const dataBytes = (frames: readonly Frame[]): number =>
  frames.filter(({ type }) => type === frameType.data).reduce((sum, { payload }) => sum + payload.length, 0)

describe('H2Session', () => {
  test('greets, acknowledges settings and answers pings', async () => {
    const wire = new Wire()
    expect((await wire.heard()).map(({ type }) => type)).toEqual([frameType.settings, frameType.windowUpdate])
    await wire.say(
      preface,
      frame(frameType.settings, 0, 0),
      frame(frameType.ping, 0, 0, Buffer.from('12345678')),
    )
    expect(await wire.heard()).toMatchObject([
      { type: frameType.settings, flags: flag.ack },
      { type: frameType.ping, flags: flag.ack, payload: Buffer.from('12345678') },
    ])
    wire.close()
  })

  test('takes frames in whatever pieces they come', async () => {
    const wire = await Wire.open()
    const body = Buffer.from('hello')
    const request = Buffer.concat([
      frame(frameType.headers, flag.endHeaders, 1, post),
      frame(frameType.data, flag.endStream, 1, body),
    ])
    for (const byte of request) await wire.say(Buffer.from([byte]))
    expect(await wire.streams[0]?.readBody(100)).toMatchObject({ bytes: body })
    wire.close()
  })

  test('sends no more than the windows of stream and connection allow', async () => {
    const wire = await Wire.open()
    await wire.say(frame(frameType.settings, 0, 0, Buffer.from('000400000064', 'hex')))
    await wire.say(frame(frameType.headers, all, 1, get), frame(frameType.headers, all, 3, get))
    await wire.heard()
    const [first, second] = wire.streams
    first?.respond(200, {})
    first?.write(new Uint8Array(100_000))
    first?.end()
    expect(dataBytes(await wire.heard())).toBe(100)
    await wire.say(frame(frameType.windowUpdate, 0, 1, uint32(1_000_000)))
    expect(dataBytes(await wire.heard())).toBe(65_435)
    // The connection's window is used up; what needs none passes.
    second?.respond(204, {})
    second?.end()
    expect(await wire.heard()).toMatchObject([{ type: frameType.headers, streamId: 3, flags: all }])
    await wire.say(frame(frameType.windowUpdate, 0, 0, uint32(1_000_000)))
    const rest = await wire.heard()
    expect(dataBytes(rest)).toBe(100_000 - 65_535)
    expect(rest.at(-1)?.flags).toBe(flag.endStream)
    wire.close()
  })

  test('lets streams take turns', async () => {
    const wire = await Wire.open()
    await wire.say(frame(frameType.headers, all, 1, get), frame(frameType.headers, all, 3, get))
    for (const stream of wire.streams) {
      stream.respond(200, {})
      stream.write(new Uint8Array(20_000))
      stream.end()
    }
    const order = (await wire.heard()).filter(({ type }) => type === frameType.data)
    expect(order.map(({ streamId }) => streamId)).toEqual([1, 3, 1, 3])
    wire.close()
  })

  test('widens the window of who is read, and only of those', async () => {
    const wire = await Wire.open()
    const block = frame(frameType.data, 0, 1, new Uint8Array(16_384))
    await wire.say(frame(frameType.headers, flag.endHeaders, 1, post), ...Array(8).fill(block))
    expect(await wire.heard()).toEqual([])
    const body = wire.streams[0]?.readBody(1_000_000)
    expect(await wire.heard()).toMatchObject([
      { type: frameType.windowUpdate, streamId: 1, payload: uint32(131_072) },
    ])
    await wire.say(frame(frameType.data, flag.endStream, 1))
    expect(await body).toMatchObject({ bytes: { length: 131_072 } })
    wire.close()
  })

  test('answers before the request is complete, and says that the rest is not needed', async () => {
    const wire = await Wire.open()
    await wire.say(frame(frameType.headers, flag.endHeaders, 1, post))
    wire.streams[0]?.respond(413, {})
    wire.streams[0]?.end()
    expect(await wire.heard()).toMatchObject([
      { type: frameType.headers, streamId: 1 },
      { type: frameType.resetStream, payload: uint32(errorCode.none) },
    ])
    await wire.say(frame(frameType.data, flag.endStream, 1, Buffer.from('late')))
    expect(await wire.heard()).toEqual([])
    wire.close()
  })

  test('asks for a body that the client holds back', async () => {
    const wire = await Wire.open()
    const expecting = Buffer.concat([post, Buffer.from('0f140c3130302d636f6e74696e7565', 'hex')])
    await wire.say(frame(frameType.headers, flag.endHeaders, 1, expecting))
    const body = wire.streams[0]?.readBody(100)
    expect(await wire.heard()).toMatchObject([
      { type: frameType.headers, flags: flag.endHeaders, payload: Buffer.from('0803313030', 'hex') },
    ])
    await wire.say(frame(frameType.data, flag.endStream, 1, Buffer.from('x')))
    expect(await body).toMatchObject({ bytes: Buffer.from('x') })
    wire.close()
  })

  test('refuses more streams than are allowed', async () => {
    const wire = await Wire.open({ maxStreamsPerConnection: 1 })
    await wire.say(frame(frameType.headers, all, 1, get), frame(frameType.headers, all, 3, get))
    expect(await wire.heard()).toMatchObject([
      { type: frameType.resetStream, streamId: 3, payload: uint32(errorCode.refusedStream) },
    ])
    wire.close()
  })

  test('answers 431 to a header list that is too long', async () => {
    const wire = await Wire.open({ maxHeaderBytes: 100 })
    await wire.say(frame(frameType.headers, all, 1, get))
    expect(await wire.heard()).toMatchObject([{ type: frameType.headers, streamId: 1, flags: all }])
    expect(wire.streams).toEqual([])
    wire.close()
  })

  test.each([
    [
      'resets',
      [
        frame(frameType.headers, all, 1, get),
        ...Array(1100).fill(frame(frameType.resetStream, 0, 1, uint32(8))),
      ],
    ],
    ['pings', Array(1100).fill(frame(frameType.ping, 0, 0, Buffer.alloc(8)))],
    ['settings', Array(1100).fill(frame(frameType.settings, 0, 0))],
    [
      'empty data',
      [frame(frameType.headers, flag.endHeaders, 1, post), ...Array(1100).fill(frame(frameType.data, 0, 1))],
    ],
    [
      'continuations',
      [frame(frameType.headers, 0, 1, get), ...Array(100).fill(frame(frameType.continuation, 0, 1))],
    ],
  ])('ends a connection with a flood of %s', async (_, frames: readonly Buffer[]) => {
    const wire = await Wire.open()
    await wire.say(...frames)
    const last = (await wire.heard()).at(-1)
    expect(last?.type).toBe(frameType.goAway)
    expect(last?.payload.readUInt32BE(4)).toBe(errorCode.enhanceYourCalm)
    wire.close()
  })

  test.each([
    ['data on stream 0', frame(frameType.data, 0, 0, Buffer.from('x')), errorCode.protocol],
    ['an even stream', frame(frameType.headers, all, 2, get), errorCode.protocol],
    ['a frame that is too large', Buffer.from('004001000000000001', 'hex'), errorCode.frameSize],
    [
      'headers that cannot be decoded',
      frame(frameType.headers, all, 1, Buffer.from('80', 'hex')),
      errorCode.compression,
    ],
    ['a push', frame(frameType.pushPromise, 0, 1, get), errorCode.protocol],
    ['a continuation of nothing', frame(frameType.continuation, 0, 1, get), errorCode.protocol],
    [
      'a window beyond all bounds',
      frame(frameType.windowUpdate, 0, 0, uint32(2 ** 31 - 1)),
      errorCode.flowControl,
    ],
  ])('ends a connection for %s', async (_, bytes, code) => {
    const wire = await Wire.open()
    await wire.say(bytes)
    const last = (await wire.heard()).at(-1)
    expect(last?.type).toBe(frameType.goAway)
    expect(last?.payload.readUInt32BE(4)).toBe(code)
    wire.close()
  })

  test.each([
    ['no path', '828741 0161'],
    ['an upper-case name', '82878441016100014101 31'],
    ['a connection header', '828784410161000a636f6e6e656374696f6e0131'],
    ['a body of another length', '8387844101610f0d0139'],
  ])('resets a stream with %s', async (_, hex) => {
    const wire = await Wire.open()
    await wire.say(frame(frameType.headers, all, 1, Buffer.from(hex.replaceAll(' ', ''), 'hex')))
    expect(await wire.heard()).toMatchObject([
      { type: frameType.resetStream, streamId: 1, payload: uint32(errorCode.protocol) },
    ])
    wire.close()
  })

  test('close() answers what is under way, ignores what comes later, and ends', async () => {
    const wire = await Wire.open()
    await wire.say(frame(frameType.headers, all, 1, get))
    wire.session.close()
    expect(await wire.heard()).toMatchObject([{ type: frameType.goAway, payload: uint32(1, errorCode.none) }])
    await wire.say(
      frame(frameType.headers, flag.endHeaders, 3, post),
      frame(frameType.data, flag.endStream, 3),
    )
    expect(wire.streams).toHaveLength(1)
    wire.streams[0]?.respond(204, {})
    wire.streams[0]?.end()
    expect(await wire.heard()).toMatchObject([{ type: frameType.headers, streamId: 1 }])
    wire.close()
  })

  test('a stream that is reset tells its reader and its writer', async () => {
    const wire = await Wire.open()
    await wire.say(frame(frameType.headers, flag.endHeaders, 1, post))
    const [stream] = wire.streams
    const told: string[] = []
    stream?.onClose(() => told.push('closed'))
    const body = expect(stream?.readBody(100)).rejects.toThrow('cut off')
    await wire.say(frame(frameType.resetStream, 0, 1, uint32(errorCode.cancel)))
    await body
    stream?.write(new Uint8Array(1), () => told.push('taken'))
    expect(told).toEqual(['closed', 'taken'])
    wire.close()
  })
})
